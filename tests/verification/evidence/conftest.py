import shutil

import pytest

from whichmin.verification.evidence.source_files import Sources, installed_folders


def copy(folder):
    folders = {}
    for name, original in installed_folders().items():
        folders[name] = folder / name
        shutil.copytree(original, folders[name], ignore=shutil.ignore_patterns("__pycache__"))
    return Sources(folders)


@pytest.fixture
def scratch(tmp_path):
    """A copy of the package's files, to be broken."""
    return copy(tmp_path / "scratch")


@pytest.fixture(scope="module")
def lasting_scratch(tmp_path_factory):
    """A copy for several tests, each of which mends what it broke."""
    return copy(tmp_path_factory.mktemp("scratch"))
