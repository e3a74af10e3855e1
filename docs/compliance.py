"""Writes ``compliance.md``: how our engines and published tools fare on the oracle's checks.

Minutes; needs the tools, at the versions that the page names:

    pip install -c constraints.txt ".[tools]" "hessian-eigenthings>=1.0.0a5"
    python docs/compliance.py

What is not installed is named on the page.
"""

from __future__ import annotations

from pathlib import Path

from whichmin.verification.oracle.fact_sheet import fact_sheet

if __name__ == "__main__":
    page = Path(__file__).with_name("compliance.md")
    page.write_text(fact_sheet(), encoding="utf-8")
    print(f"wrote {page}")
