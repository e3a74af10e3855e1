"""The tools of the documentation are scripts in ``docs/``; its tests import them from there."""

import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
sys.path[:0] = [str(DOCS), str(DOCS / "extensions")]
