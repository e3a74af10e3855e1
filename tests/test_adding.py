"""A newcomer adds one thing of each kind, as CONTRIBUTING says, and finds it where it should be.

Each addition is made in a scratch copy of the packages; the number of files that it touches is the
one that CONTRIBUTING's table promises.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
import warm  # noqa: E402 - docs/warm.py runs commands quickly

ROOMS = {"": "src/whichmin", "core": "core", "symbolic": "symbolic", "verification": "verification"}

# Kind of addition: files with the text that is put at the end, or old and new texts by turns.
ADDITIONS = {
    "claim": {
        "verification/topics/stationary/claims.toml": """
[[claim]]
id = "stationary.newcomer"
verdict = "PROVED"
statement = "A newcomer's claim: nine squared is eighty-one."
source = ["whichmin"]
evidence = ["stationary.newcomer"]
parts = "d3f5c32a"

[claim.then]
"nine squared is eighty-one" = "9*9 == 81"
""",
    },
    "check": {
        "verification/topics/stationary/densities.py": '''

@check(
    "stationary.newcomer", EvidenceKind.IDENTITY, bound="exact integers", shows=("9*9 == 81",)
)
def newcomer() -> Iterator[Margin]:
    """Nine squared is eighty-one."""
    yield Margin("9 * 9", abs(9 * 9 - 81), 1.0)
''',
    },
    "closed form": {
        "symbolic/stationary.py": '''

@derives("stationary.newcomer", SOURCE)
def newcomer() -> Derivation:
    """Derive nine times the noise.

    .. math:: 9 T
    """
    return Derivation.begin("a square less", T * (T + 9) - T**2, 9 * T)
''',
        "verification/topics/stationary/densities.py": '''

@check(
    "stationary.newcomer_numbers", EvidenceKind.PROPERTY, bound="one rounding",
    forms=("stationary.newcomer",),
)
def newcomer_numbers(subject: Subject) -> Iterator[Margin]:
    """Nine times the noise is what nine terms add up to."""
    yield Margin("9 T", abs(subject.forms["stationary.newcomer"](T=0.5) - sum([0.5] * 9)), EPS)
''',
    },
    "figure": {
        "src/whichmin/plots/newcomer.py": '''"""Draw a newcomer's line."""

from typing import Any

from whichmin.plots import style

__all__ = ["plot_newcomer"]


def plot_newcomer(seed: int = 0, ax: Any = None) -> Any:
    """Draw one line."""
    with style.drawing(ax, (3, 2), title="a newcomer's line") as axes:
        axes[0].plot([0, 1], [0, seed])
    return axes
''',
        "src/whichmin/plots/__init__.py": (
            "from whichmin.plots.noise import plot_noise\n",
            "from whichmin.plots.newcomer import plot_newcomer\n"
            "from whichmin.plots.noise import plot_noise\n",
        ),
        "src/whichmin/cli/plot.py": '''

@plot.command(cls=Command)
@seed_option
@_output("newcomer")
def newcomer(**options: Any) -> None:
    """Draw a newcomer's line."""
    _draw("newcomer", options)
''',
    },
    "check of the oracle": {
        "verification/oracle/checks/newcomer.py": '''"""Check that the loss is never negative."""

from collections.abc import Iterator

from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]


def _sign(session: Session) -> Iterator[Finding]:
    for problem in session.problems():
        for activation in session.activations:
            answer = session.call("loss", w=problem.w, data=problem.data, activation=activation)
            below = min(float(answer.value), 0.0)
            yield Finding(f"{problem.id}, {activation}", below, 0.0, 1e-300, "sign",
                          call=answer.call, figure="min(float(got), 0.0)")


CHECKS = (
    OracleCheck(
        id="loss.newcomer", functions=("loss",), statement="the loss is not negative",
        formula="L >= 0", source="a newcomer", run=_sign,
    ),
)
''',
    },
    "engine": {
        "core/engines/newcomer.py": '''"""Train as the dense engine does, under another name."""

from whichmin.core.engines.dense import DenseEngine

__all__ = ["NewcomerEngine"]


class NewcomerEngine(DenseEngine):
    """The dense engine."""

    name = "newcomer"
''',
        "core/engines/__init__.py": (
            "from whichmin.core.engines.reduced import",
            "from whichmin.core.engines.newcomer import NewcomerEngine\n"
            "from whichmin.core.engines.reduced import",
            "    EngineName.REDUCED: reduced_engine,\n",
            "    EngineName.REDUCED: reduced_engine,\n    EngineName.NEWCOMER: NewcomerEngine,\n",
        ),
        "src/whichmin/words.py": (
            '    REDUCED = "reduced"\n',
            '    REDUCED = "reduced"\n    NEWCOMER = "newcomer"\n',
        ),
    },
}

# What a newcomer then types, and what has to be there.
SEEN = {
    "claim": [("claims show stationary.newcomer", "eighty-one"),
              ("claims --topic stationary -f csv", "stationary.newcomer")],
    "check": [("verify --select stationary.newcomer", "all 1 checks hold")],
    "closed form": [("verify --select stationary.newcomer_numbers", "all 1 checks hold"),
                    ("form", "9*T")],
    "figure": [("plot newcomer -o newcomer.svg", ""), ("plot --help", "newcomer")],
    "check of the oracle": [("oracle", "loss.newcomer passed")],
    "engine": [("train --engine newcomer --m 2 --n 3 --seed 2 -f json", '"engine": "newcomer"'),
               ("train --help", "newcomer")],
}  # fmt: skip

SCRIPTS = {
    "form": "import whichmin; print(whichmin.closed_form('stationary.newcomer').expression)",
    "oracle": """
from whichmin.verification.oracle.judge import judge
target = "whichmin.verification.oracle.adapters.whichmin_engines:dense"
for result in judge(target, only=lambda name: name.startswith("loss.")).results:
    print(result.check, result.verdict)
""",
}


def place(scratch, name):
    """Where a file of the repository lies in the installed package."""
    for room, source in ROOMS.items():
        if name.startswith(f"{source}/"):
            return scratch / "whichmin" / room / name.removeprefix(f"{source}/")
    raise ValueError(name)


def copied(scratch):
    """Copy the packages."""
    for room, source in ROOMS.items():
        shutil.copytree(ROOT / source, scratch / "whichmin" / room, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    return scratch


def add(scratch, kind):
    for name, text in ADDITIONS[kind].items():
        file = place(scratch, name)
        if isinstance(text, str):
            file.write_text((file.read_text() if file.exists() else "") + text)
        else:
            content = file.read_text()
            for old, new in zip(text[::2], text[1::2], strict=True):
                assert content.count(old) == 1, name
                content = content.replace(old, new)
            file.write_text(content)


def typed(line, folder, scratch=None):
    """What a command prints, run on the packages of a scratch copy, else on ours."""
    if scratch is None and line not in SCRIPTS:
        done = warm.command(line.split(), folder)
    else:
        command = ["-c", SCRIPTS[line]] if line in SCRIPTS else ["-m", "whichmin", *line.split()]
        path = {} if scratch is None else {"PYTHONPATH": str(scratch)}
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False,
            env=os.environ | path,
        )  # fmt: skip
    return done.stdout + done.stderr


def promised():
    """Files that each kind of addition touches, by CONTRIBUTING's table."""
    table = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| ([a-z ]+) \| (\d) \|", table, re.MULTILINE)
    return {kind: int(files) for kind, files in rows}


def test_the_number_of_files_is_as_promised():
    assert {kind: len(files) for kind, files in ADDITIONS.items()} == promised()


@pytest.mark.parametrize("kind", ADDITIONS)
def test_what_is_added_is_seen(kind, tmp_path):
    scratch = copied(tmp_path / "copy")
    add(scratch, kind)
    if kind == "claim":
        add(scratch, "check")  # its evidence
    for line, wanted in SEEN[kind]:
        printed = typed(line, tmp_path, scratch)
        assert wanted in printed, printed
        assert wanted == "" or wanted not in typed(line, tmp_path)
    if kind == "figure":
        assert "<svg" in (tmp_path / "newcomer.svg").read_text()
