"""``docs/warm.py`` runs commands quickly; every_option.py holds what covers of options share.

toy.py has small proofs.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "docs"))
sys.path.insert(0, str(Path(__file__).parents[2] / "verification" / "provers"))  # toy.py
sys.path.insert(0, str(Path(__file__).parent))  # every_option.py
