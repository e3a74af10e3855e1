"""Makes the targets of these tests importable, here and in worker processes."""

import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)


@pytest.fixture(autouse=True)
def _targets_importable(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    yield
    sys.modules.pop("targets", None)
