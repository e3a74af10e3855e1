"""A cover: command lines to run, and for each option a function that says what it changed.

To cover a new option, add a run with it to the cover of its command (or the option to a run that
is there) and a function decorated with ``effect``. test_every_option.py names what is not covered.
"""

import csv
import inspect
import io
import json
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import warm

START = np.array([0.3, 0.2, -0.25, 0.1, 0.2])
ROWS = np.array([[1.0, 0.2, 0.0, 0.1], [0.3, 1.1, 0.1, 0.0], [0.0, 0.4, 0.9, 0.2]])


def inputs(folder):
    np.savetxt(folder / "start.csv", START[None], delimiter=",")
    np.savetxt(folder / "cycle.csv", np.arange(3000)[:, None] % 3, fmt="%d", delimiter=",")
    np.savez(folder / "raw.npz", rows=ROWS, other=np.zeros((2, 2)))


@dataclass
class Done:
    code: int
    out: str
    err: str
    folder: Path
    saves: int = 0

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def csv(self):
        return list(csv.DictReader(io.StringIO(self.out)))

    def column(self, name):
        """One value per run, from JSON."""
        return [row[name] for row in self.json["tables"][0]["rows"]]

    def recipes(self, name):
        return [recipe[name] for recipe in self.json["recipes"]]


class Cover:
    """Runs by name, in one folder, and the effects that are looked for in them.

    Args:
        runs: Arguments and exit code; `inputs` says what lies in the folder.
        after: For a run, those that must be done before it.
        watched: For a run, the file whose saves are counted.
    """

    def __init__(self, runs, after=None, watched=None):
        self.runs, self.after, self.watched = runs, after or {}, watched or {}
        self.effects = {}

    def effect(self, *options):
        """Register a function that says what options change; its parameters name runs."""

        def register(function):
            for option in options:
                assert option not in self.effects
                self.effects[option] = function
            return function

        return register

    def look(self, option, ran):
        self.effects[option](*ran(self.names(option)))

    def names(self, option):
        """The runs that an effect looks at."""
        return [p.default for p in inspect.signature(self.effects[option]).parameters.values()]

    def fixture(self):
        @pytest.fixture(scope="module")
        def ran(tmp_path_factory):
            """Give the results of runs by name; each is executed once, two at a time."""
            folder = tmp_path_factory.mktemp("every-option")
            inputs(folder)
            done = {}

            def get(names):
                for wave in ([n for name in names for n in self.after.get(name, [])], names):
                    missing = [name for name in dict.fromkeys(wave) if name not in done]
                    with ThreadPoolExecutor(2) as pool:
                        results = list(pool.map(lambda name: self._execute(name, folder), missing))
                    done.update(zip(missing, results, strict=True))
                return [done[name] for name in names]

            return get

        return ran

    def _execute(self, name, folder):
        arguments, expected = self.runs[name]
        if name in self.watched:
            done = _watch(name, arguments, folder, folder / self.watched[name])
        else:
            ended = warm.command(shlex.split(arguments), folder)
            done = Done(ended.returncode, ended.stdout, ended.stderr, folder)
        assert expected is None or done.code == expected, done.err
        assert "Traceback" not in done.err
        if done.code != 2:
            # What takes long, as everything does on a busy machine, tells how far it is.
            told = re.compile(r"wrote .*|.*: \d+ %(, at most \d+ min left)?")
            assert all(told.fullmatch(line) for line in done.err.splitlines()), done.err
        return done


def _watch(name, arguments, folder, watched):
    """A run with the number of times that it writes a file."""
    out, err = (folder / f"{name}.{stream}" for stream in ("out", "err"))
    seen = set()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "whichmin", *shlex.split(arguments)],
            cwd=folder, stdout=stdout, stderr=stderr,
        )  # fmt: skip
        began = time.monotonic()
        while process.poll() is None and time.monotonic() < began + 600:
            if watched.exists():
                seen.add(watched.stat().st_mtime_ns)
            time.sleep(0.002)
        code = process.wait(timeout=600)
    return Done(code, out.read_text(), err.read_text(), folder, len(seen))
