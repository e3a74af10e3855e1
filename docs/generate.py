"""Writes the generated parts of README.md and docs/; ``--check`` says whether they are current.

* A part stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``.
* Some pages are generated as a whole (see ``pages.py``).
* Outputs shown in ``console`` blocks, and the figures that a page's commands draw, come from
  running the page (see ``blocks.py``). ``--check`` leaves these out: a test runs every page.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from blocks import figures, run_page
from ledger_pages import ledger_markdown, refuted_lines
from pages import api_pages, cli_page

from whichmin.cli import run
from whichmin.ledger import entries, tally
from whichmin.symbolic import ClosedForm
from whichmin.symbolic.rescaling.layers import reparameterisation_forms
from whichmin.symbolic.rescaling.layerwise import layerwise_forms
from whichmin.symbolic.selection.law import selection_forms
from whichmin.tables.sharpness import sharpness_table
from whichmin.tables.sharpness_measures import evaluated
from whichmin.verification.oracle import described
from whichmin.verification.oracle.checks import all_checks as oracle_list
from whichmin.verification.oracle.compliance import Compliance, Result
from whichmin.verification.oracle.protocol import FUNCTIONS
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.landscape.equivariance import COUNTEREXAMPLES, ETA, START
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Status

ROOT = Path(__file__).parents[1]


# Refuted claims that the README shows.
REFUTED = (
    "gd.limit", "sgd.correlated", "walk.transience", "cyclic.largest_wins", "cyclic.randomness",
    "gaussian.start_cosine_rate", "gaussian.trace_half", "sharpness.graded",
    "measures.small_batches_flat", "measures.small_batches_sharp", "measures.keskar_invariant",
    "noise.halving", "noise.like_hessian", "noise.same_scales", "scaling.preserves_dynamics",
    "scaling.warm_up_needed", "critical_batch.least_compute", "critical_batch.constant_variance",
    "stationary.favours_flat", "stationary.determinant", "reparameterisation.flat_generalises",
    "layerwise.compensates_noise", "script.gd_start_expected",
)  # fmt: skip


def commands() -> str:
    """The README's two commands."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Two commands\n")[1].split("\n## ")[0]
    return section.strip()


def sharpness() -> str:
    """The symbolic table, without title and notes."""
    lines = sharpness_table().tables[0].markdown().splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def measures() -> str:
    """Every measure at both minima: numbers, and which is sharper."""
    head = ("measure", "linear: GD", "SGD", "sharper", "ReLU: GD", "SGD", "sharper")
    rows = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    found: dict[str, list[str]] = {}
    for name, _, gd, sgd in evaluated(8, 32, 5, 1e-3, 0.05):
        sharper = "equal" if abs(gd - sgd) <= 1e-12 * abs(gd) else "GD" if gd > sgd else "SGD"
        found.setdefault(name, [name]).extend([f"{gd:.4g}", f"{sgd:.4g}", sharper])
    rows += ["| " + " | ".join(cells) + " |" for cells in found.values()]
    return "\n".join(rows)


def command(arguments: str) -> str:
    """Output of a command."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(arguments.split())
    return f"```text\n{out.getvalue().rstrip()}\n```"


def statuses() -> str:
    """The table of statuses."""
    head = "| status | meaning and advice |\n| --- | --- |\n"
    return head + "\n".join(f"| {s.label} | {s.advice} |" for s in Status)


def checks() -> str:
    """One section per topic, one entry per check."""
    parts = []
    topic = ""
    for check in all_checks():
        if not check.id.startswith(f"{topic}."):
            topic = check.id.split(".")[0]
            parts.append(f"## {topic.capitalize()}\n")
        cases = f"{check.examples} random problems by default" if check.cases else "fixed cases"
        parts.append(
            f"### `{check.id}`\n\n{check.statement}\n\n"
            f"- Evidence: {check.kind}; {cases}.\n- Bound: {check.bound}.\n"
        )
    return "\n".join(parts).rstrip()


def forms(chosen: Iterable[ClosedForm]) -> str:
    """Closed forms, one a row."""
    rows = ["| closed form | | |", "| --- | --- | --- |"]
    for form in chosen:
        text = str(form.expression).replace("|", "\\|")
        rows.append(f"| `{form.id}` | {form.statement.replace('|', chr(92) + '|')} | `{text}` |")
    return "\n".join(rows)


def scaling() -> str:
    """Verdicts on batch size, with links into the ledger; for refuted ones what is true."""
    refuted, rest = [], []
    for entry in entries():
        claim = entry.claim
        if claim.id.split(".")[0] not in {"quadratic", "scaling", "critical_batch"}:
            continue
        anchor = "claim-" + claim.id.replace(".", "-").replace("_", "-")
        link = f"[`{claim.id}`](ledger.md#{anchor})"
        if claim.brief:
            refuted.append(f"- {link}: {claim.brief}")
        else:
            rest.append(f"{link} ({claim.verdict})")
    lines = "\n".join(refuted)
    return f"Refuted, what was said and what is true:\n\n{lines}\n\nThe others: {', '.join(rest)}."


def counterexamples() -> str:
    """Where symmetries hold and fail: one exact step on each side."""
    rows = ["| statement | one step gives | and on the other side |", "| --- | --- | --- |"]
    for what, activation, left, right, _ in COUNTEREXAMPLES:
        ends = [exact_step(START, batch, ETA, activation) for batch in (left, right)]
        here, there = (f"({', '.join(map(str, end))})" for end in ends)
        rows.append(f"| {what} | {here} | {there} |")
    return "\n".join(rows)


def refuted() -> str:
    """Counts by verdict, and some of what was refuted."""
    return f"{tally(entries())}. Refuted, among others:\n\n{refuted_lines(entries(), REFUTED)}"


def protocol() -> str:
    """The functions that a target may provide."""
    rows = ["| function | returns | expected unless declared otherwise |", "| --- | --- | --- |"]
    for f in FUNCTIONS.values():
        said = (f"`{f.signature}`", f"{f.meaning}; {f.returns}", f.convention)
        rows.append("| " + " | ".join(text.replace("|", r"\|") for text in said) + " |")
    return "\n".join(rows)


def oracle_checks() -> str:
    """The checks of the oracle."""
    rows = ["| check | needs | says |", "| --- | --- | --- |"]
    for check in oracle_list():
        needs = ", ".join(f"`{name}`" for name in check.functions)
        statement = check.statement.replace("|", r"\|")
        rows.append(f"| `{check.id}` | {needs} | {statement} |")
    return "\n".join(rows)


def rows_of(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(columns)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(x.replace("|", r"\|") for x in y) + " |" for y in lines)


def declarations() -> str:
    """What a target may declare."""
    keys = rows_of(("key", "allowed", "default", "meaning"), described.declarations())
    return f"{keys}\n\n{rows_of(('stochastic function', 'methods'), described.methods())}"


def results() -> str:
    """What the JSON file holds."""
    columns = ("member", "type", "meaning")
    whole, one = (rows_of(columns, described.schema(kind)) for kind in (Compliance, Result))
    return f"{whole}\n\nEach of the `results`:\n\n{one}"


def selection() -> str:
    """The closed forms of the selection law."""
    return forms(selection_forms())


def rescaling() -> str:
    """The closed forms on rescaled layers, and on steps per layer."""
    return forms((*reparameterisation_forms(), *layerwise_forms()))


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {
        "table: whichmin table sharpness -f markdown": sharpness,
        "ledger": refuted,
    },
    "docs/index.md": {"commands": commands},
    "docs/reference.md": {"statuses": statuses},
    "docs/prediction.md": {"selection": selection},
    "docs/scaling.md": {"scaling": scaling},
    "docs/reparameterisation.md": {"rescaling": rescaling},
    "docs/sharpness.md": {"measures": measures},
    "docs/tutorial.md": {"table": sharpness},
    "docs/ledger.md": {"ledger": lambda: ledger_markdown(entries())},
    "docs/oracle.md": {
        "protocol": protocol,
        "declarations": declarations,
        "results": results,
        "oracle": oracle_checks,
    },
    "docs/checks.md": {"checks": checks, "counterexamples": counterexamples},
}


def filled(text: str, name: str, content: str) -> str:
    """Replace one generated part.

    Returns:
        The whole text.

    Raises:
        ValueError: The text has no place for the part.
    """
    begin = next((x for x in text.splitlines() if x.startswith(f"<!-- begin {name}")), None)
    kind = name.split(":")[0]
    if begin is None:
        raise ValueError(f"no place for {name!r}")
    head, rest = text.split(begin + "\n", 1)
    _, tail = rest.split(f"<!-- end {kind} -->", 1)
    return f"{head}{begin}\n\n{content}\n\n<!-- end {kind} -->{tail}"


def current() -> dict[str, str]:
    """What every file with generated content should hold."""
    texts = {"docs/cli.md": cli_page(), **api_pages()}
    for file, parts in PARTS.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        for name, make in parts.items():
            text = filled(text, name, make())
        texts[file] = text
    return texts


def outdated(write: bool) -> list[str]:
    """Compare every generated part and page with what it should be.

    Args:
        write: Whether to write files that changed, and to remove API pages of packages that went.

    Returns:
        Files that were not current.
    """
    texts = current()
    stale = []
    for file, text in texts.items():
        path = ROOT / file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(file)
            if write:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in (ROOT / "docs/api").glob("*.md"):
        name = path.relative_to(ROOT).as_posix()
        if name not in texts:
            stale.append(name)
            if write:
                path.unlink()
    return stale


def all_pages() -> list[Path]:
    """Every page that may show code."""
    docs = [p for p in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in p.parts]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *docs]


def rerun() -> list[str]:
    """Run every page; write outputs and figures that changed.

    Returns:
        Files that changed, and what a page shows that could not be brought up to date.
    """
    changed = []
    for page in all_pages():
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as name:
            run = run_page(text, Path(name))
            fresh = "\n".join(run.lines)
            for figure in figures(text):
                place = Path(name) / Path(figure).name
                if not place.exists():  # the command that draws it failed, which is said below
                    continue
                drawn = place.read_bytes()
                shown = page.parent / figure
                if not shown.exists() or shown.read_bytes() != drawn:
                    shown.parent.mkdir(exist_ok=True)
                    shown.write_bytes(drawn)
                    changed.append(str(shown.relative_to(ROOT)))
            if fresh != text:
                page.write_text(fresh, encoding="utf-8")
                changed.append(str(page.relative_to(ROOT)))
            with tempfile.TemporaryDirectory() as again:
                changed += run_page(fresh, Path(again)).failures if run.failures else []
    return changed


if __name__ == "__main__":
    check_only = "--check" in sys.argv[1:]
    changed = outdated(write=not check_only)
    if not check_only:
        changed += rerun()
    print("\n".join(changed) or "all generated parts are current")
    sys.exit(1 if check_only and changed else 0)
