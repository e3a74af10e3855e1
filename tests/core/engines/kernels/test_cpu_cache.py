"""The compiled kernels' cache: what is compiled is said, kept, and done without if need be."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import CompiledEngine, Problem, ReducedEngine
from whichmin.core.engines.kernels import cpu
from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.run import advance
from whichmin.core.training.trainer import train
from whichmin.errors import InputError
from whichmin.words import Activation

PROBLEM = Problem(make_data(random_frame(3, 5)), Activation("relu"), 0.1)
START = torch.from_numpy(random_start(5, 1, norm=0.5, seed=0))


def test_compiling_is_announced(caplog, monkeypatch):
    monkeypatch.setattr(cpu, "is_compiled", lambda: False)
    monkeypatch.setattr(cpu, "_loaded", set())
    with caplog.at_level(logging.WARNING, "whichmin"):
        CompiledEngine(PROBLEM, START).advance(make_stream(3, 1), 0, 1, np.arange(1))
    assert "compiling the kernels" in caplog.text


def test_the_cache_knows_all_sources(tmp_path, monkeypatch):
    """Numba looks at one file's date; the name of the cached function holds a digest of all."""
    assert cpu._source() in cpu._compiled.py_func.__qualname__
    before = cpu._source()
    for file in Path(cpu.__file__).parent.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(cpu, "__file__", str(tmp_path / "cpu.py"))
    assert cpu._source() == before
    with (tmp_path / "stepping.py").open("a") as file:
        file.write("# changed")
    assert cpu._source() != before


def test_a_broken_cache_costs_time_only(monkeypatch, caplog):
    def broken(*_):
        raise OSError(28, "No space left on device")

    broken.py_func = cpu._compiled.py_func
    broken.signatures, broken.stats = ["one"], cpu._compiled.stats
    monkeypatch.setattr(cpu, "_compiled", broken)
    monkeypatch.setattr(cpu, "_loaded", set())
    engine = CompiledEngine(PROBLEM, START)
    with caplog.at_level(logging.WARNING, "whichmin"):
        engine.advance(make_stream(3, 1), 0, 9, np.arange(1))
    assert "No space left" in caplog.text
    other = ReducedEngine(PROBLEM, START)
    advance(other, make_stream(3, 1), 0, 9, np.arange(1))
    # Nine steps of at most 8 roundings of numbers of size 1.
    assert (engine.weights() - other.weights()).abs().max() < 9 * 8 * 2**-53


def test_without_a_compiler_it_says_so(monkeypatch):
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)
    with pytest.raises(InputError, match="NUMBA_DISABLE_JIT"):
        train(np.eye(3), engine="compiled")
