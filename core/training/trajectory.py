"""Record the states of training at chosen steps, in memory or in a file that grows.

The file is an ordinary ``.npy`` of one record per recorded step, with the fields ``step``,
``squared_norm`` and ``off_span_energy`` of shape ``(R,)`` and ``correlations`` of shape
``(R, m)``; ``numpy.load(file, mmap_mode="r")`` reads it without this package. Rows are appended
first and counted in the header afterwards, so an interrupted run leaves a valid file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.errors import InputError
from whichmin.files import check_writable

if TYPE_CHECKING:
    from whichmin.core.engines import Engine

__all__ = ["Recorder", "RowFile", "Schedule", "Trajectory", "load_trajectory"]

# Rows wait for the disk in a buffer of at most this many bytes (or one row).
_BUFFER = 1 << 22
# Above this a recording belongs on disk.
LARGEST_IN_MEMORY = 1 << 30


@dataclass(frozen=True)
class Trajectory:
    """The states of all replicas at the recorded steps; one that has ended keeps its last state.

    Attributes:
        rows: One record per step; a memory map if it was recorded to a file.
    """

    rows: NDArray[np.void] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Numbers of steps taken, ascending, shape ``(T,)``."""
        return np.asarray(self.rows["step"])

    @property
    def correlations(self) -> NDArray[np.floating[Any]]:
        """Inner products of weights and data, shape ``(T, R, m)``."""
        return np.asarray(self.rows["correlations"])

    @property
    def squared_norm(self) -> NDArray[np.floating[Any]]:
        """Squared norm of the weights, shape ``(T, R)``."""
        return np.asarray(self.rows["squared_norm"])

    @property
    def off_span_energy(self) -> NDArray[np.floating[Any]]:
        """Squared norm of the weights outside the span of the data, shape ``(T, R)``."""
        return np.asarray(self.rows["off_span_energy"])


def load_trajectory(path: str | os.PathLike[str]) -> Trajectory:
    """Open a recorded trajectory without reading it into memory.

    A file that a run is still writing can be opened; it holds what was written so far.

    Args:
        path: File that ``train`` recorded to.

    Returns:
        The trajectory, memory-mapped.

    Raises:
        InputError: The file is missing or is no recorded trajectory.
    """
    try:
        # An .npy without rows cannot be mapped, but read.
        rows = np.load(path, mmap_mode="r" if _row_count(Path(path)) else None)
    except OSError as error:
        raise InputError(
            "path", str(path), f"must be a readable file ({error.strerror})"
        ) from error
    except (ValueError, EOFError) as error:
        raise InputError("path", str(path), "must be a recorded trajectory (.npy)") from error
    return Trajectory(rows)


def row_type(replicas: int, m: int, dtype: torch.dtype) -> np.dtype[np.void]:
    """Return the record type of one recorded step."""
    kind = "<f4" if dtype is torch.float32 else "<f8"
    return np.dtype([
        ("step", "<i8"),
        ("squared_norm", kind, (replicas,)),
        ("off_span_energy", kind, (replicas,)),
        ("correlations", kind, (replicas, m)),
    ])


@dataclass(frozen=True)
class Schedule:
    """The steps to record: multiples of ``every``, or the listed ones."""

    every: int | None = None
    listed: tuple[int, ...] = ()

    @classmethod
    def parse(cls, record_at: Any) -> Schedule:
        """Read the argument ``record_at``: an integer, or a sequence of integers.

        Returns:
            The schedule.

        Raises:
            InputError: It is neither.
        """
        whole = isinstance(record_at, (int, np.integer)) and not isinstance(record_at, bool)
        if whole and record_at >= 1:
            return cls(every=int(record_at))
        steps = np.asarray(record_at) if np.ndim(record_at) == 1 else np.zeros(0)
        if steps.dtype.kind not in "iu" or not len(steps) or steps.min() < 0:
            raise InputError(
                "record_at", record_at, "must be a positive integer or a list of steps >= 0"
            )
        return cls(listed=tuple(int(s) for s in np.unique(steps)))

    def due(self, step: int) -> int | None:
        """Return the first step to record that is not before ``step``, if any."""
        if self.every is not None:
            return -(-step // self.every) * self.every
        place = int(np.searchsorted(self.listed, step))
        return self.listed[place] if place < len(self.listed) else None

    def count(self, limit: int) -> int:
        """Count the steps to record up to ``limit``, and one for the end of the run."""
        if self.every is not None:
            return limit // self.every + 2
        return int(np.searchsorted(self.listed, limit, side="right")) + 1


class RowFile:
    """An ``.npy`` file that grows row by row and is valid at any moment."""

    def __init__(self, path: str, kind: np.dtype[np.void], keep: int | None = None) -> None:
        """Create the file, or take up one that exists.

        Args:
            path: The file.
            kind: Layout of a row.
            keep: Rows to keep of an existing file; None to create a new one.

        Raises:
            InputError: The file exists (or, with ``keep``, is not one of ours with as many rows),
                or cannot be written.
        """
        self.path, self.kind, self.count = path, kind, keep or 0
        if keep is not None:
            try:
                found = _row_count(Path(path), kind)
            except (OSError, ValueError) as error:
                raise InputError(
                    "record_to", path, f"must be there with the {keep} rows so far ({error})"
                ) from error
            if found < keep:
                raise InputError("record_to", path, f"must hold the {keep} rows recorded so far")
        elif Path(path).exists():
            raise InputError("record_to", path, "must be a new file; this one exists")
        elif not Path(path).parent.is_dir():
            check_writable(path, "record_to")  # says which folder to make
        self._guarded(lambda: self._open("r+b" if keep is not None else "x+b"))

    def append(self, rows: NDArray[np.void]) -> None:
        """Append rows to the file.

        Args:
            rows: The rows.
        """
        self._guarded(lambda: self._write(rows))

    def sync(self) -> None:
        """Wait until the rows are on the disk."""
        if not self.file.closed:
            self._guarded(lambda: os.fsync(self.file.fileno()))

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _open(self, mode: str) -> None:
        self.file: BinaryIO = Path(self.path).open(mode, buffering=0)  # type: ignore[assignment]  # noqa: SIM115
        self.data_from = _write_header(self.file, self.kind, self.count)
        self.file.truncate(self.data_from + self.count * self.kind.itemsize)

    def _write(self, rows: NDArray[np.void]) -> None:
        self.file.seek(self.data_from + self.count * self.kind.itemsize)
        left = memoryview(rows.tobytes())
        while left:
            left = left[self.file.write(left) :]
        _write_header(self.file, self.kind, self.count + len(rows))
        self.count += len(rows)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            kept = f"; the {self.count} rows there are kept" if self.count else ""
            raise InputError(
                "record_to", self.path, f"must be a writable file ({error.strerror}){kept}"
            ) from error


def _write_header(file: BinaryIO, kind: np.dtype[np.void], count: int) -> int:
    """Write the header in one call, in a length that does not depend on the number of rows.

    Returns:
        Where the data begin.
    """
    # The .npy format: magic, version, length, then the dictionary padded to a multiple of 64. The
    # room that the padding leaves holds any 64-bit count.
    text, bare = (
        repr({"descr": kind.descr, "fortran_order": False, "shape": (n,)}) for n in (count, 0)
    )
    width = -(-(11 + len(bare) + 20) // 64) * 64
    body = text.ljust(width - 11) + "\n"
    file.seek(0)
    file.write(b"\x93NUMPY\x01\x00" + (width - 10).to_bytes(2, "little") + body.encode("latin1"))
    return width


def _row_count(path: Path, kind: np.dtype[np.void] | None = None) -> int:
    """Rows that a file's header declares.

    Returns:
        A number of rows.

    Raises:
        ValueError: It holds no recorded trajectory, or rows of another kind.
    """
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, found = np.lib.format.read_array_header_1_0(file)
    if (found.names or ())[:1] != ("step",) or (kind is not None and found != kind):
        raise ValueError("it holds other data")
    return int(shape[0])


class Recorder:
    """A recorder that collects the states of a run at the scheduled steps.

    Attributes:
        next_step: The next step to record; None if there is none.
    """

    def __init__(
        self,
        schedule: Schedule,
        start: torch.Tensor,
        m: int,
        limit: int,
        path: str | None = None,
        resumed: tuple[int, int, NDArray[np.void]] | None = None,
    ) -> None:
        """Make room, on disk if there is a path.

        Args:
            schedule: Which steps.
            start: Starting weights, shape ``(R, n)``.
            m: Number of data points.
            limit: Step limit of the run.
            path: File to stream to.
            resumed: Rows written before, the last step recorded, and the latest states.

        Raises:
            InputError: There is no path and the recording would not fit in memory.
        """
        kind = row_type(len(start), m, start.dtype)
        expected = schedule.count(limit) * kind.itemsize
        if path is None and expected > LARGEST_IN_MEMORY:
            raise InputError(
                "record_at",
                schedule.every or f"{len(schedule.listed)} steps",
                f"would take up to {expected / 2**30:.3g} GiB of memory; record fewer steps, or "
                "to a file (record_to)",
            )
        self.schedule, self.path, self.limit = schedule, path, limit
        self.latest = np.zeros(1, kind) if resumed is None else resumed[2].copy()
        self.last = -1 if resumed is None else resumed[1]
        self.next_step = schedule.due(self.last + 1)
        self.file, self._made = None, resumed is None
        if path is not None:
            self.file = RowFile(path, kind, None if resumed is None else resumed[0])
        self._full: list[NDArray[np.void]] = []
        self._buffer = np.zeros(max(1, _BUFFER // kind.itemsize), kind)
        self._used = 0

    def see(self, engine: Engine, replicas: np.ndarray) -> None:
        """Update the current states of the engine's replicas.

        Args:
            engine: Its rows are the given replicas.
            replicas: Replica numbers.
        """
        latest = self.latest[0]
        latest["squared_norm"][replicas] = engine.squared_norm().cpu().numpy()
        latest["off_span_energy"][replicas] = engine.off_span_energy().cpu().numpy()
        latest["correlations"][replicas] = engine.correlations().cpu().numpy()

    def take(self, engine: Engine, replicas: np.ndarray, step: int) -> None:
        """Record the states after a step.

        Args:
            engine: Its rows are the given replicas.
            replicas: Replica numbers.
            step: Steps taken.
        """
        self.see(engine, replicas)
        self._add(step)

    def _add(self, step: int) -> None:
        self.latest["step"] = step
        self._buffer[self._used] = self.latest[0]
        self._used += 1
        self.last, self.next_step = step, self.schedule.due(step + 1)
        if self._used == len(self._buffer):
            self.flush()

    def flush(self) -> None:
        """Write the buffered rows to the file or to memory."""
        if self._used:
            rows = self._buffer[: self._used]
            if self.file is None:
                self._full.append(rows.copy())
            else:
                self.file.append(rows)
            self._used = 0

    def finish(self, step: int) -> Trajectory:
        """Record the end of the run.

        Args:
            step: Steps taken by the replica that ran longest.

        Returns:
            The recorded trajectory.
        """
        if self.last < step:
            self._add(step)
        self.flush()
        if self.file is None:
            return Trajectory(np.concatenate(self._full))
        assert self.path is not None
        self.file.sync()
        self.file.close()
        return load_trajectory(self.path)

    def state(self) -> dict[str, Any]:
        """Return what :meth:`resume` needs besides the latest states; write all rows to the disk.

        Returns:
            Plain values.
        """
        self.flush()
        if self.file is None:
            return {"rows": 0, "last": self.last, "path": None}
        self.file.sync()
        return {"rows": self.file.count, "last": self.last, "path": self.path}

    def discard(self) -> None:
        """Remove the file of a run that does not begin."""
        if self.file is not None:
            self.file.close()
            if self._made:
                Path(self.file.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file of a run that is interrupted, keeping what was recorded."""
        if self.file is not None and not self.file.file.closed:
            self.flush()
            self.file.close()
