"""The adapter is short, the example is right, and a slip in the loss is caught with its cause."""

import importlib.util
from pathlib import Path

import pytest

from whichmin.verification.oracle import judge

FILE = Path(__file__).parents[2] / "examples/trainer_optax.py"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("optax") is None, reason="optax is not installed"
)


def judged(tmp_path, monkeypatch, name, before="", after="", check=""):
    text = FILE.read_text()
    assert before in text
    (tmp_path / f"{name}.py").write_text(text.replace(before, after) if before else text)
    monkeypatch.syspath_prepend(tmp_path)
    return judge(f"{name}:target", quick=True, only=lambda i: i.startswith(check))


def test_it_passes(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "optax_right")
    assert found.holds, found.markdown()
    assert found.counts()["passed"] >= 10


def test_a_sum_for_a_mean_is_diagnosed(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "optax_sum", "/ (2 * len(x))", "/ 2", "step.values")
    told = {r.check: r.diagnosis for r in found.failures}
    assert "a sum over the batch where a mean is expected" in told["step.values"]


def test_another_optimiser_fails(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "optax_sign", "optax.sgd", "optax.sign_sgd", "step.")
    assert [r.check for r in found.failures] == ["step.values"]
