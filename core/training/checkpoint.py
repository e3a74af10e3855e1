"""Save runs to a checkpoint, one ``.npz`` file that is replaced atomically, and load them.

The batches are a function of (seed, replica, step), so the state of a run is its engine's tensors,
the outcomes so far and a step number. A run that is continued ends in the same bits, on the same
kind of processor with the same library versions. The file holds plain arrays (``numpy.load`` reads
it) and one JSON text; nothing is pickled.
"""

from __future__ import annotations

import errno
import io
import json
import os
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import ENGINES, Problem
from whichmin.core.threads import single_threaded
from whichmin.core.training.result import Recipe
from whichmin.core.training.run import Run
from whichmin.core.training.signals import Signals
from whichmin.core.training.trajectory import Recorder, Schedule
from whichmin.core.validation import check_device, check_weights
from whichmin.errors import InputError
from whichmin.files import write_bytes
from whichmin.words import Activation, EngineName, Sampling, parse

__all__ = ["EVERY", "Contents", "Interrupted", "Keeper", "load", "restore"]

SCHEMA = "whichmin.checkpoint/1"
EVERY = 30.0


class Interrupted(KeyboardInterrupt):
    """A run was interrupted after its state had been saved.

    Attributes:
        path: The checkpoint.
        exit_code: What the process should return: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.exit_code = 128 + number
        super().__init__(f"interrupted; the runs so far are in {path}")


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds.

    Attributes:
        points: Data points, shape ``(m, n)``.
        start: Starting weights, shape ``(R, n)``.
        runs: For every run its plain values and arrays.
        notes: Plain values that the writer added.
    """

    points: np.ndarray
    start: np.ndarray
    runs: tuple[tuple[dict[str, Any], dict[str, np.ndarray]], ...]
    notes: dict[str, Any]


class Keeper:
    """A context that saves runs to a file at intervals and when the process is asked to stop.

    It catches SIGINT and SIGTERM: the first one ends the run between two steps, with a checkpoint;
    another one ends it at once.
    """

    def __init__(
        self, path: str | os.PathLike[str], every: float, notes: dict[str, Any], new: bool
    ) -> None:
        """Choose the file.

        Args:
            path: The file.
            every: Seconds between two checkpoints.
            notes: Plain values to keep with the runs.
            new: Whether the file must not exist yet.

        Raises:
            InputError: It exists.
        """
        self.path, self.every, self.notes = str(path), every, notes
        if new and Path(path).exists():
            raise InputError(
                "checkpoint", self.path, "must be a new file; to continue the run in it, resume it"
            )
        self.runs: Sequence[Run] = ()
        self._due = 0.0
        self._signals = Signals()

    def __enter__(self) -> Keeper:
        self._signals.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._signals.__exit__(kind, error, trace)

    def at_boundary(self) -> None:
        """Save the runs if the interval is over or a signal came; called between two steps.

        Raises:
            Interrupted: A signal asked the process to stop.
        """
        if self._signals.number is not None:
            self.save()
            raise Interrupted(self.path, self._signals.number)
        if time.monotonic() >= self._due:
            self.save()

    def save(self) -> None:
        """Write the state of all runs."""
        first = self.runs[0]
        arrays = {
            "points": first.problem.data.points.cpu().numpy(),
            "start": first.start.cpu().numpy(),
        }
        plain = []
        for place, run in enumerate(self.runs):
            tensors, values = run.state()
            plain.append({**values, "settings": run.settings()})
            arrays |= {f"{place}/{name}": array for name, array in tensors.items()}
            if run.stream.rows is not None:
                arrays[f"{place}/rows"] = run.stream.rows
        text = json.dumps({"schema": SCHEMA, "runs": plain, "notes": self.notes})
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, checkpoint=np.array(text), **arrays)
        write_bytes(self.path, buffer.getvalue(), "checkpoint")
        self._due = time.monotonic() + self.every


def load(path: str | os.PathLike[str], argument: str) -> Contents:
    """Read a checkpoint.

    Args:
        path: The file.
        argument: Name of the caller's argument, for messages.

    Returns:
        Its contents.

    Raises:
        InputError: It is missing, damaged, or no checkpoint of this version.
    """
    try:
        with Path(path).open("rb") as file:
            arrays = _arrays(file)
        plain = _plain(str(arrays["checkpoint"]))
        if plain.get("schema") == SCHEMA:
            return _contents(plain, arrays)
    # NotImplementedError: damage where the file names its method of compression.
    except (
        OSError,
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        NotImplementedError,
        KeyError,
    ) as error:
        # Damage to a place in the file makes reading seek to nowhere: an invalid argument.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise InputError(
                argument, str(path), f"must be a readable file ({error.strerror})"
            ) from error
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
        raise InputError(
            argument, str(path), f"must be an intact checkpoint that train wrote ({reason})"
        ) from error
    raise InputError(argument, str(path), f"must be {SCHEMA}, this is {plain.get('schema')}")


def restore(content: Contents) -> list[Run]:
    """Restore the runs of a checkpoint.

    Args:
        content: What the file holds.

    Returns:
        The runs.
    """
    runs = []
    for plain, arrays in content.runs:
        settings = dict(plain["settings"])
        record_at = settings.pop("record_at", None)
        recipe = Recipe(**{
            **settings,
            "activation": Activation(settings["activation"]),
            "sampling": Sampling(settings["sampling"]),
        })
        place = check_device(recipe.device)
        data = make_data(content.points, handling="as-is", dtype=recipe.dtype, device=place)
        start = check_weights(content.start, data.n, "w0", data.points.dtype, place)
        stream = make_stream(
            data.m, recipe.batch_size, sampling=recipe.sampling, seed=recipe.seed,
            batches=arrays.get("rows"),
        )  # fmt: skip
        name = "reduced" if recipe.engine == "gram" else recipe.engine
        with single_threaded():
            problem = Problem(data, recipe.activation, recipe.step_size)
            engine = ENGINES[parse(EngineName, name, "engine")](problem, start)
        recorder = None
        if record_at is not None:
            told = plain["recorder"]
            recorder = Recorder(
                Schedule.parse(record_at), start, data.m, recipe.step_limit, told["path"],
                (told["rows"], told["last"], arrays["recorder.latest"]),
            )  # fmt: skip
        lanes = arrays.get("lanes")  # a file of an earlier version has none
        run = Run(engine, stream, start, arrays["limits"], recipe, recorder, lanes)
        run.restore(arrays, plain)
        runs.append(run)
    return runs


def _plain(text: str) -> dict[str, Any]:
    plain = json.loads(text)
    if not isinstance(plain, dict):
        raise ValueError("it holds other data")
    return plain


def _contents(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> Contents:
    runs = []
    for place, values in enumerate(plain["runs"]):
        prefix = f"{place}/"
        own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        runs.append((values, own))
    return Contents(arrays["points"], arrays["start"], tuple(runs), plain["notes"])


def _arrays(file: BinaryIO) -> dict[str, np.ndarray]:
    """Read all arrays of a checkpoint.

    Returns:
        Arrays by name.

    Raises:
        ValueError: The file is something else.
    """
    if file.read(2) != b"PK":  # NumPy would suggest to unpickle it
        raise ValueError("it is no .npz file")
    file.seek(0)
    content = np.load(file, allow_pickle=False)
    if not isinstance(content, np.lib.npyio.NpzFile) or "checkpoint" not in content:
        raise ValueError("it holds other data")
    with content:
        return {name: content[name] for name in content.files}
