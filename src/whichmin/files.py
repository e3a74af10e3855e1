"""Read arrays (``.npy``, ``.npz``, ``.pt``, text), and write files in full or not at all.

Nothing is ever unpickled. Writing follows links, keeps permissions, and accepts devices and pipes.
Packages for it do less, and atomicwrites is no longer maintained.
"""

from __future__ import annotations

import errno
import os
import pickle
import shlex
import tempfile
from pathlib import Path
from typing import Any

from whichmin.errors import InputError

__all__ = ["SUFFIXES", "check_writable", "load_array", "read_array", "write_bytes", "write_text"]

_TABLES = (".csv", ".tsv", ".txt")
SUFFIXES = (".npy", ".npz", ".pt", *_TABLES)
# A file is taken for text if its first so many bytes are.
_HEAD = 512


def load_array(path: str | os.PathLike[str], key: str | None = None, argument: str = "FILE") -> Any:
    """Read an array of numbers whose rows are samples.

    Args:
        path: A file with one of the known suffixes. Text (``.csv``, ``.tsv``, ``.txt``) has fields
            separated by commas, semicolons, tabs or spaces, and may start with column names.
        key: Which array, where the file holds several (``.npz``, or a dictionary in ``.pt``).
        argument: Name of the caller's argument, for messages.

    Returns:
        A NumPy array or a tensor.

    Raises:
        InputError: The file is missing, unreadable, of another type, holds pickled objects, or
            holds several arrays and no key was given.
    """
    return read_array(path, key, argument)[0]


def read_array(
    path: str | os.PathLike[str], key: str | None = None, argument: str = "FILE"
) -> tuple[Any, str]:
    """Read an array as :func:`load_array` does, and say what was assumed to read it.

    Args:
        path: The file.
        key: Which array.
        argument: Name of the caller's argument, for messages.

    Returns:
        The array, and a note about the layout of a text file, empty for plain CSV.

    Raises:
        InputError: As of :func:`load_array`.
    """
    from whichmin.text_tables import TextTable

    file = Path(path)
    try:
        exists = file.exists()
    except OSError as error:
        raise InputError(argument, str(path), f"must name a file ({error.strerror})") from error
    if not exists:
        raise InputError(argument, str(path), "there is no such file")
    if not file.is_file():
        raise InputError(argument, str(path), "must be a file")
    readers = {".npy": _numpy, ".npz": _numpy, ".pt": _torch, **dict.fromkeys(_TABLES, _text)}
    suffix = file.suffix.lower()
    if suffix not in readers:
        raise InputError(argument, str(path), f"must end in one of: {', '.join(SUFFIXES)}")
    try:
        content = readers[suffix](file)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise InputError(
            argument, str(path), f"must be a readable {suffix} file ({reason})"
        ) from error
    except Exception as error:  # a broken file can make the readers raise almost anything
        kind, reason = type(error).__name__, (str(error).splitlines() or [""])[0]
        reason = reason if " " in reason else ": ".join(filter(None, (kind, reason)))
        objects = "" if suffix in _TABLES else " without pickled objects"
        raise InputError(
            argument, str(path), f"must be a valid {suffix} file of numbers{objects} ({reason})"
        ) from error
    if isinstance(content, dict):
        return _choose(content, key, argument, str(path)), ""
    if key is not None:
        raise InputError("key", key, f"{path} holds a single array without a name")
    if isinstance(content, TextTable):
        return content.numbers, content.layout
    return content, ""


def _choose(arrays: dict[str, Any], key: str | None, argument: str, path: str) -> Any:
    if not arrays:
        raise InputError(argument, path, "must hold an array; it holds none")
    names = ", ".join(map(str, arrays))
    if key is None:
        if len(arrays) != 1:
            allowed = f"holds several arrays ({names})"
            # Other files of a command come without an option for the key.
            hint = f"choose one, key={next(iter(arrays))!r}" if argument == "FILE" else "save one"
            raise InputError(argument, path, f"{allowed}; {hint}")
        return next(iter(arrays.values()))
    if key not in arrays:
        raise InputError("key", key, f"must be one of: {names}")
    return arrays[key]


def _numpy(file: Path) -> Any:
    import numpy as np

    with file.open("rb") as stream:  # np.load leaves a file open that turns out to be broken
        # NumPy takes every other file for a pickle, and advises to load it all the same.
        head = stream.read(4)
        if not head:
            raise ValueError("it is empty")
        if head not in {b"\x93NUM", b"PK\x03\x04", b"PK\x05\x06"}:
            raise ValueError(_kind(file) or "it begins like no such file")
        stream.seek(0)
        try:
            content = np.load(stream, allow_pickle=False)
            if isinstance(content, np.lib.npyio.NpzFile):
                with content:
                    return {name: content[name] for name in content.files}
        except ValueError as error:
            if "allow_pickle" in str(error):
                told = "it holds Python objects, which are never loaded; save numbers"
                raise ValueError(told) from error
            raise
        return content


def _text(file: Path) -> Any:
    from whichmin.text_tables import read_table

    return read_table(file)


def _kind(file: Path) -> str:
    """What a file is that has the suffix of another kind, and what to do; empty if unknown."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"\x80"):
        return "it is a pickle, which is never loaded; save the array with numpy.save"
    # Cut bytes of a last character do no harm; what is left of text is printable.
    text = head.decode(errors="ignore")
    if len(text) > len(head) / 2 and all(c.isprintable() or c.isspace() for c in text):
        return "it is text; for a table of numbers let its name end in .csv"
    return ""


def _torch(file: Path) -> Any:
    import torch

    if "text" in (kind := _kind(file)):
        raise ValueError(kind)
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch's own message goes on to explain how to load it all the same
        raise ValueError("holds objects other than tensors, which are never loaded") from error
    if isinstance(content, dict):
        return {k: v for k, v in content.items() if isinstance(v, torch.Tensor)}
    if not isinstance(content, torch.Tensor):
        raise ValueError(f"holds a {type(content).__name__}, not a tensor")
    return content


def check_writable(path: str | os.PathLike[str], argument: str = "output") -> None:
    """Make sure that there is a place for a file before its content is computed.

    Args:
        path: Where to write later.
        argument: Name of the caller's argument, for messages.

    Raises:
        InputError: The place cannot be written.
    """
    target = _target(path, argument)
    if target.is_dir():
        folder = OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise InputError(argument, str(path), _unwritable(folder, target))
    if target.exists() and not target.is_file():
        return  # a device or a pipe
    try:
        # As it is written later: into a new file beside it, which then takes its name.
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".whichmin-"):
            pass
    except OSError as error:
        raise InputError(argument, str(path), _unwritable(error, target)) from error


def _target(path: str | os.PathLike[str], argument: str) -> Path:
    """Follow links, so that a link stays one; refuse a path that names no file."""
    if not Path(path).name:
        raise InputError(argument, str(path), "must be a writable file (it names none)")
    return Path(os.path.realpath(path))


def _unwritable(error: OSError, target: Path) -> str:
    folder = os.path.relpath(target.parent)
    folder = str(target.parent) if folder.startswith("..") else folder
    why = error.strerror or str(error)
    if error.errno == errno.ENOENT and not target.parent.exists():
        why = f"there is no folder {folder}; make it first: mkdir -p {shlex.quote(folder)}"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        why += f" in the folder {folder}; choose another"
    return f"must be a writable file ({why})"


def write_text(path: str | os.PathLike[str], text: str, argument: str = "output") -> None:
    """Write a text file atomically: in full, or it stays as it was.

    Args:
        path: Where to write.
        text: Content; a newline is added.
        argument: Name of the caller's argument, for messages.

    Raises:
        InputError: The place cannot be written, or the text cannot be encoded.
    """
    try:
        content = (text + "\n").encode()
    except UnicodeEncodeError as error:
        raise InputError(argument, str(path), f"must get valid Unicode ({error})") from error
    write_bytes(path, content, argument)


def write_bytes(path: str | os.PathLike[str], content: bytes, argument: str = "output") -> None:
    """Write a file atomically: in full, or it stays as it was.

    Args:
        path: Where to write.
        content: What to write.
        argument: Name of the caller's argument, for messages.

    Raises:
        InputError: The place cannot be written.
    """
    target = _target(path, argument)
    temporary = None
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)  # a device or a pipe
            return
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=".whichmin-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(target.stat().st_mode if target.exists() else 0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise InputError(argument, str(path), _unwritable(error, target)) from error
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise
