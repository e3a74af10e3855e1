"""The tools of the documentation are scripts in ``docs/``; its tests import them from there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
