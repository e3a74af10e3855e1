"""Renews the table of ``compliance.md``, and writes all verdicts to ``_build/fact_sheet.md``.

Minutes; needs the tools, at the versions that the page names:

    pip install -c constraints.txt ".[tools]" "hessian-eigenthings>=1.0.0a5"
    python docs/compliance.py

Tools that are not installed are named in the fact sheet, and go from the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generate import filled

from whichmin.provenance import version
from whichmin.verification.oracle.fact_sheet import (
    Judged,
    fact_sheet,
    judge_adapters,
    overview,
)


def dated(judged: Sequence[Judged]) -> str:
    """Write the table, and the version whose checks judged."""
    return f"{overview(judged)}\n\nAs of whichmin {version()}."


if __name__ == "__main__":
    here = Path(__file__).parent
    judged = judge_adapters(told=lambda name: print(f"judging {name}"))
    page, sheet = here / "compliance.md", here / "_build/fact_sheet.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), "overview", dated(judged)), "utf-8")
    sheet.parent.mkdir(exist_ok=True)
    sheet.write_text(fact_sheet(judged), encoding="utf-8")
    print(f"wrote {page} and {sheet}")
