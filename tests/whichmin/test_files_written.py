"""Writing a file: whole or not at all. Reading is in test_files.py."""

import errno
import os
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from whichmin.errors import InputError
from whichmin.files import check_writable, write_text


def raising(error):
    def fail(*_arguments, **_options):
        raise error

    return fail


def no_space():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_new_file_gets_the_text_a_newline_and_the_usual_permissions(tmp_path):
    umask = os.umask(0o027)
    try:
        write_text(tmp_path / "new.txt", "κ = ½")
    finally:
        os.umask(umask)
    assert (tmp_path / "new.txt").read_bytes() == "κ = ½\n".encode()
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["new.txt"]


def test_writing_leaves_the_umask_alone(tmp_path):
    before = os.umask(0o022)
    try:
        write_text(tmp_path / "new.txt", "text")
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path, mode):
    file = tmp_path / "old.txt"
    file.write_text("a much longer text than the new one")
    file.chmod(mode)
    write_text(str(file), "new")
    assert file.read_text() == "new\n"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["old.txt"]


@pytest.mark.parametrize(
    ("target", "name"),
    [(os, "fsync"), (Path, "replace"), (Path, "chmod")],
    ids=["writing", "renaming", "permissions"],
)
@pytest.mark.parametrize("exists", [True, False])
def test_when_the_disk_is_full_everything_stays_as_it_was(
    tmp_path, monkeypatch, target, name, exists
):
    file = tmp_path / "result.json"
    if exists:
        file.write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr(target, name, raising(no_space()))
        with pytest.raises(InputError) as caught:
            write_text(file, "new")
    assert str(caught.value) == (
        f"output = {str(file)!r}, but must be a writable file (No space left on device)"
    )
    assert os.listdir(tmp_path) == (["result.json"] if exists else [])
    assert not exists or file.read_text() == "precious"


def test_a_folder_without_permission(tmp_path, monkeypatch):
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    monkeypatch.setattr("whichmin.files.tempfile.NamedTemporaryFile", raising(error))
    with pytest.raises(InputError, match=r"Permission denied in the folder .*; choose another"):
        write_text(tmp_path / "x", "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/x.txt", "there is no folder .*missing; make it first: mkdir -p .*missing"),
        ("folder", "Is a directory"),
        ("file/x.txt", "Not a directory"),
    ],
)
def test_what_cannot_be_written_is_known_before(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=rf"--record = .*must be a writable file \({reason}\)"):
        check_writable(tmp_path / name, "--record")
    check_writable(tmp_path / "new.txt")
    check_writable("/dev/null")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"writable file \(there is no folder"):
        write_text(tmp_path / "missing" / "x.txt", "new")
    assert os.listdir(tmp_path) == []


def test_the_command_that_makes_a_folder_is_the_one_to_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="there is no folder my results; ") as caught:
        check_writable("my results/x.csv")
    command = caught.value.allowed.partition("first: ")[2].rstrip(")")
    subprocess.run(command, shell=True, check=True)
    check_writable("my results/x.csv")


def test_a_target_that_is_a_folder_stays_one(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "content").write_text("precious")
    with pytest.raises(InputError, match=r"output = .*must be a writable file \(.*directory"):
        write_text(folder, "new")
    assert os.listdir(tmp_path) == ["folder"]
    assert (folder / "content").read_text() == "precious"


def test_a_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(InputError, match=r"writable file \(Not a directory\)"):
        write_text(tmp_path / "file" / "x.txt", "new")
    assert (tmp_path / "file").read_text() == "precious"


def test_the_current_folder_is_the_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text("x.txt", "here")
    assert (tmp_path / "x.txt").read_text() == "here\n"


def test_an_empty_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="output = ''"):
        write_text("", "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interruption_leaves_no_temporary_file(tmp_path, monkeypatch, error):
    (tmp_path / "x.txt").write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", raising(error))
        with pytest.raises(type(error)):
            write_text(tmp_path / "x.txt", "new")
    assert os.listdir(tmp_path) == ["x.txt"]
    assert (tmp_path / "x.txt").read_text() == "precious"


def test_text_that_has_no_utf8_form_leaves_no_temporary_file(tmp_path):
    # A lone surrogate is how Python spells a byte of a file name that is not UTF-8; the notes of
    # `whichmin train` hold the name of the file.
    with suppress(InputError):
        write_text(tmp_path / "x.txt", "data: \udcff.npy")
    assert [name for name in os.listdir(tmp_path) if name != "x.txt"] == []


@pytest.mark.parametrize("length", [240, 255])
def test_the_longest_names_that_the_file_system_takes(tmp_path, length):
    name = "x" * length
    (tmp_path / name).write_text("the file system takes it")
    write_text(tmp_path / name, "new")
    assert (tmp_path / name).read_text() == "new\n"
    assert os.listdir(tmp_path) == [name]


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    # `--output /dev/null` (or /dev/stdout), as root: the device must survive.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with suppress(InputError):
        write_text(pipe, "new")
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new\n"
