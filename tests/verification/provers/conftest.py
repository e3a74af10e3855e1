import shutil
import sys
from pathlib import Path

import pytest

from whichmin.verification.evidence.source_files import Sources, installed_folders

sys.path.insert(0, str(Path(__file__).parent))  # toy.py


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache of compiled proofs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "whichmin" / "proofs"


@pytest.fixture
def scratch(tmp_path):
    """A copy of the package's files, to be changed."""
    folders = {}
    for name, original in installed_folders().items():
        folders[name] = tmp_path / name
        shutil.copytree(original, folders[name], ignore=shutil.ignore_patterns("__pycache__"))
    return Sources(folders)
