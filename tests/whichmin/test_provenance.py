import json
import platform
import re
import subprocess
import sys
from importlib import metadata
from importlib.metadata import version

import pytest
import torch

from whichmin import provenance as module
from whichmin.provenance import commit, provenance


@pytest.fixture
def fresh():
    commit.cache_clear()
    yield
    commit.cache_clear()


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder, code):
    """A git repository with one commit that holds the module at the given place."""
    file = folder / code
    file.parent.mkdir(parents=True)
    file.write_text("# a module\n")
    (folder / "tracked.txt").write_text("something\n")
    git(folder, "init", "-q")
    return file


def test_all_circumstances_are_plain_values():
    record = provenance(3, "float32", "cpu")
    assert list(record) == [
        "whichmin", "commit", "seed", "dtype", "device", "threads", "torch", "python", "platform",
    ]  # fmt: skip
    assert (record["seed"], record["dtype"], record["device"]) == (3, "float32", "cpu")
    assert record["whichmin"] == version("whichmin")
    assert record["threads"] == torch.get_num_threads()
    assert record["torch"] == torch.__version__
    assert record["python"] == platform.python_version()
    assert record["platform"] == platform.platform()
    assert json.loads(json.dumps(record)) == record


def test_what_was_not_involved_is_null(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    record = provenance()
    unknown = {name for name, value in record.items() if value is None}
    assert unknown - {"commit"} == {"seed", "dtype", "device", "threads", "torch"}
    assert "torch" not in sys.modules, "asking for provenance loads nothing"


def test_threads_follow_the_setting():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert provenance()["threads"] == 1
    finally:
        torch.set_num_threads(before)


def test_the_commit_of_a_checkout_with_and_without_changes(fresh, monkeypatch, tmp_path):
    file = repository(tmp_path, "src/whichmin/provenance.py")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "tag", "-a", "v9.9.9", "-m", "a tag must not hide the commit")
    head = git(tmp_path, "rev-parse", "HEAD")
    monkeypatch.setattr(module, "__file__", str(file))
    assert re.fullmatch("[0-9a-f]{40}", head)
    assert commit() == head
    assert provenance()["commit"] == head
    (tmp_path / "tracked.txt").write_text("something else\n")
    assert commit() == head, "asked once per process"
    commit.cache_clear()
    assert commit() == f"{head}-dirty"


def test_a_build_carries_its_commit_in_a_file(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    (tmp_path / "_commit.txt").write_text("0123abc\n")
    assert commit() == "0123abc"


def test_an_empty_stamp_means_unknown(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    (tmp_path / "_commit.txt").write_text("\n")
    assert commit() is None


def test_outside_any_repository_the_commit_is_unknown(fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() is None


def test_an_installation_inside_another_repository_does_not_take_its_commit(
    fresh, monkeypatch, tmp_path
):
    place = ".venv/lib/python3/site-packages/whichmin/provenance.py"
    file = repository(tmp_path, place)
    (tmp_path / ".gitignore").write_text(".venv/\n")
    git(tmp_path, "add", "tracked.txt", ".gitignore")
    git(tmp_path, "commit", "-q", "-m", "somebody else's work")
    monkeypatch.setattr(module, "__file__", str(file))
    assert commit() is None


def test_without_git_the_commit_is_unknown(fresh, monkeypatch, tmp_path):
    # A regular install carries a stamp; this is about a copy without one.
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() is None


def test_the_oracle_alone_has_the_version_of_its_own_distribution(monkeypatch):
    def installed(name):
        if name != module.ORACLE:
            raise metadata.PackageNotFoundError(name)
        return "7.8"

    assert not module.oracle_alone()
    monkeypatch.setattr(metadata, "version", installed)
    module.oracle_alone.cache_clear()
    try:
        assert module.version() == "7.8"
    finally:
        module.oracle_alone.cache_clear()
