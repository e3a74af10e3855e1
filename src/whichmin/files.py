"""Read arrays (``.npy``, ``.npz``, ``.csv``, ``.pt``), and write files in full or not at all.

Nothing is ever unpickled. Writing follows links, keeps permissions, and accepts devices and pipes.
Packages for it do less, and atomicwrites is no longer maintained.
"""

from __future__ import annotations

import errno
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from whichmin.errors import InputError

__all__ = ["SUFFIXES", "check_writable", "load_array", "write_bytes", "write_text"]

SUFFIXES = (".npy", ".npz", ".csv", ".pt")


def load_array(path: str | os.PathLike[str], key: str | None = None, argument: str = "FILE") -> Any:
    """Read an array of numbers whose rows are samples.

    Args:
        path: A file with one of the known suffixes. CSV may start with one line of column names.
        key: Which array, where the file holds several (``.npz``, or a dictionary in ``.pt``).
        argument: Name of the caller's argument, for messages.

    Returns:
        A NumPy array or a tensor.

    Raises:
        InputError: The file is missing, unreadable, of another type, holds pickled objects, or
            holds several arrays and no key was given.
    """
    file = Path(path)
    try:
        exists = file.exists()
    except OSError as error:
        raise InputError(argument, str(path), f"must name a file ({error.strerror})") from error
    if not exists:
        raise InputError(argument, str(path), "there is no such file")
    if not file.is_file():
        raise InputError(argument, str(path), "must be a file")
    readers = {".npy": _numpy, ".npz": _numpy, ".csv": _csv, ".pt": _torch}
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
        raise InputError(
            argument,
            str(path),
            f"must be a valid {suffix} file of numbers without pickled objects ({reason})",
        ) from error
    if isinstance(content, dict):
        return _choose(content, key, argument, str(path))
    if key is not None:
        raise InputError("key", key, f"{path} holds a single array without a name")
    return content


def _choose(arrays: dict[str, Any], key: str | None, argument: str, path: str) -> Any:
    if not arrays:
        raise InputError(argument, path, "must hold an array; it holds none")
    names = ", ".join(map(str, arrays))
    if key is None:
        if len(arrays) != 1:
            raise InputError(argument, path, f"holds several arrays; choose a key: {names}")
        return next(iter(arrays.values()))
    if key not in arrays:
        raise InputError("key", key, f"must be one of: {names}")
    return arrays[key]


def _numpy(file: Path) -> Any:
    import numpy as np

    with file.open("rb") as stream:  # np.load leaves a file open that turns out to be broken
        # NumPy takes every other file for a pickle, and advises to load it all the same.
        if stream.read(4) not in {b"\x93NUM", b"PK\x03\x04", b"PK\x05\x06", b""}:
            raise ValueError("it begins like no such file")
        stream.seek(0)
        content = np.load(stream, allow_pickle=False)
        if isinstance(content, np.lib.npyio.NpzFile):
            with content:
                return {name: content[name] for name in content.files}
        return content


def _csv(file: Path) -> Any:
    import numpy as np

    with file.open(encoding="utf-8-sig") as lines:
        rows = [line.strip() for line in lines if line.strip()]
    if rows and _is_header(rows[0]):
        rows = rows[1:]
    elif len(rows) > 1 and _counts_columns(rows):
        raise ValueError("the first line numbers the columns; remove it, or name the columns")
    if not rows:
        raise ValueError("no rows of numbers")
    return np.loadtxt(rows, delimiter=",", ndmin=2, dtype=np.float64, comments=None)


def _is_header(line: str) -> bool:
    """Whether no field of a line is a number: one unreadable field is an error, not a header."""
    for part in line.split(","):
        try:
            float(part)
        except ValueError:
            continue
        return False
    return True


def _counts_columns(rows: list[str]) -> bool:
    """Whether the first line is 0,1,2,... as pandas writes it for columns without names.

    Two numbers, 0,1, may be a data point; they are not if the other lines are written as floats.

    Returns:
        Whether to refuse the line.
    """
    fields = rows[0].replace(" ", "").split(",")
    if fields != [str(i) for i in range(len(fields))] or len(fields) < 2:
        return False
    return len(fields) > 2 or all("." in row or "e" in row for row in rows[1:])


def _torch(file: Path) -> Any:
    import torch

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
        raise InputError(argument, str(path), _unwritable(folder))
    if target.exists() and not target.is_file():
        return  # a device or a pipe
    try:
        # As it is written later: into a new file beside it, which then takes its name.
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".whichmin-"):
            pass
    except OSError as error:
        raise InputError(argument, str(path), _unwritable(error)) from error


def _target(path: str | os.PathLike[str], argument: str) -> Path:
    """Follow links, so that a link stays one; refuse a path that names no file."""
    if not Path(path).name:
        raise InputError(argument, str(path), "must be a writable file (it names none)")
    return Path(os.path.realpath(path))


def _unwritable(error: OSError) -> str:
    return f"must be a writable file ({error.strerror or error})"


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
        raise InputError(argument, str(path), _unwritable(error)) from error
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise
