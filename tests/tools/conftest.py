"""The development tools are scripts in ``tools/``; their tests import them from there."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "docs")]
