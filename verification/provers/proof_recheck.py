"""Let ``coqchk``, which shares little with ``coqc``, check compiled proofs anew.

It lists what the whole of the loaded library assumes, used or not: Coq's primitive integers and
floats are there, for instance. What a theorem rests on is what ``Print Assumptions`` says.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from whichmin.verification.provers.coq import Coq
from whichmin.verification.provers.proof_sources import LOGICAL

__all__ = ["check_again", "summary"]

# Seconds. With all that Mathematical Components loads it takes two minutes on one core, ten on a
# busy machine.
_LIMIT = 3600.0
# Parts of the summary; each lists what it is about, or says <none>.
_PARTS = (
    "Axioms", "Constants/Inductives relying on type-in-type",
    "Constants/Inductives relying on unsafe (co)fixpoints",
    "Inductives whose positivity is assumed",
)  # fmt: skip
_THEORY = "Set is predicative"


def check_again(folder: Path, names: Sequence[str], coq: Coq) -> tuple[str, list[str]]:
    """Run ``coqchk`` on compiled files and all that they load.

    Args:
        folder: Where they are.
        names: Their names.
        coq: The installation.

    Returns:
        What it says, in one line, and what is wrong.
    """
    if not coq.coqchk:
        return "", ["coqchk: it is not beside coqc"]
    modules = [f"{LOGICAL}.{name}" for name in names]
    command = [coq.coqchk, "-silent", "-o", "-Q", ".", LOGICAL, *modules]
    try:
        done = subprocess.run(  # noqa: S603 - our own files
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=_LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "", [f"coqchk: took more than {_LIMIT:.0f} s"]
    told = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        last = "; ".join(line.strip() for line in told.splitlines()[-3:])
        return "", [f"coqchk: exit code {done.returncode}: {last}"]
    found, wrong = summary(told)
    foreign = sum(map(len, found.values()))
    said = f"coqchk: {len(names)} files hold, and so does what they load"
    return f"{said}; {foreign} primitives or axioms are loaded, none of them ours", wrong


def summary(told: str) -> tuple[dict[str, list[str]], list[str]]:
    """Read the summary of ``coqchk``.

    Args:
        told: What it prints.

    Returns:
        What each part lists that is not ours, and what is wrong: parts that are missing, a theory
        that is another, and what is assumed in files of ours.
    """
    found: dict[str, list[str]] = {}
    wrong = []
    for part in _PARTS:
        listed = re.search(
            rf"^\* {re.escape(part)}:(.*?)(?=^\* |\Z)", told, re.DOTALL | re.MULTILINE
        )
        if listed is None:
            wrong.append(f"coqchk: it says nothing of: {part}")
            continue
        names = [name for name in listed[1].split() if name != "<none>"]
        found[part] = [name for name in names if not name.startswith(f"{LOGICAL}.")]
        ours = [name for name in names if name.startswith(f"{LOGICAL}.")]
        wrong += [f"coqchk: {part}: {', '.join(ours)}"] if ours else []
    if f"* Theory: {_THEORY}" not in told:
        wrong.append(f"coqchk: the theory is not: {_THEORY}")
    return found, wrong
