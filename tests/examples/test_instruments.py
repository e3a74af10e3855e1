"""The example runs, made small, and prints what it says."""

import importlib.util
import re
from pathlib import Path

import torch

FILE = Path(__file__).parents[2] / "examples/instruments.py"


def test_it_runs(capsys):
    spec = importlib.util.spec_from_file_location("instruments_example", FILE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    with torch.random.fork_rng(devices=[]):
        example.main(samples=260, steps=20)
    text = capsys.readouterr().out
    assert text.startswith("at the start\n")
    losses = [float(v) for v in re.findall(r"loss +(\S+)", text)]
    assert losses[0] > losses[1] > 0
    for scale, low, high in re.findall(r"estimated as (\S+) in \[(\S+), (\S+)\]", text):
        assert 0 <= float(low) <= float(scale) <= float(high)
    assert text.count("trace of the Hessian") == 2
