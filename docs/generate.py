"""Writes the generated parts of README.md, and the outputs that pages show.

* Parts of README.md stand between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; its picture is
  ``docs/picture.svg``. ``--check`` says whether they are current.
* Outputs shown in ``console`` blocks come from running the page (see ``blocks.py``). ``--check``
  leaves these out: a test runs every page.
* What else a program can say of itself (API, command line, ledger, checks, figures) is made when
  the site is built, and is not in git; see ``extensions``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from blocks import run_page
from compare import same_drawing
from picture import picture

from whichmin.ledger import entries, tally
from whichmin.tables.sharpness import sharpness_table
from whichmin.verification.topics import all_claims

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/picture.svg"

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


def sharpness() -> str:
    """The symbolic table, without title and notes."""
    lines = sharpness_table().tables[0].markdown().splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def refuted() -> str:
    """Counts by verdict, and some of what was refuted."""
    briefs = {claim.id: claim.brief for claim in all_claims()}
    lines = "\n".join(f"- `{name}`: {briefs[name]}" for name in REFUTED)
    return f"{tally(entries())}. Refuted, among others:\n\n{lines}"


PARTS: dict[str, Callable[[], str]] = {
    "table: whichmin table sharpness -f markdown": sharpness,
    "ledger": refuted,
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


def current() -> str:
    """The README as it should be."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, make in PARTS.items():
        text = filled(text, name, make())
    return text


def outdated(write: bool) -> list[str]:
    """Compare README.md with what it should be.

    Args:
        write: Whether to write it, and its picture, if they are not current.

    Returns:
        Files that were not current.
    """
    stale = []
    path, text = ROOT / "README.md", current()
    if path.read_text(encoding="utf-8") != text:
        stale.append("README.md")
        if write:
            path.write_text(text, encoding="utf-8")
    drawn = picture()
    if not PICTURE.exists() or not same_drawing(PICTURE.read_bytes(), drawn.encode()):
        stale.append("docs/picture.svg")
        if write:
            PICTURE.write_text(drawn, encoding="utf-8")
    return stale


def all_pages() -> list[Path]:
    """Every page that may show code."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def rerun() -> list[str]:
    """Run every page; write outputs that changed.

    Returns:
        Pages that changed, and what a page shows that could not be brought up to date.
    """
    changed = []
    for page in all_pages():
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as name:
            run = run_page(text, Path(name))
        fresh = "\n".join(run.lines)
        if fresh != text:
            page.write_text(fresh, encoding="utf-8")
            changed.append(str(page.relative_to(ROOT)))
        if run.failures:
            with tempfile.TemporaryDirectory() as again:
                changed += run_page(fresh, Path(again)).failures
    return changed


if __name__ == "__main__":
    check_only = "--check" in sys.argv[1:]
    changed = outdated(write=not check_only)
    if not check_only:
        changed += rerun()
    print("\n".join(changed) or "all generated parts are current")
    sys.exit(1 if check_only and changed else 0)
