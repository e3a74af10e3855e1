"""The example is short, right, and a slip in it is caught with its cause."""

import importlib.util
from pathlib import Path

import pytest

from whichmin.verification.oracle import judge

FILE = Path(__file__).parents[2] / "examples/trainer_jax.py"

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed"
)


def judged(tmp_path, monkeypatch, name, before="", after="", check=""):
    text = FILE.read_text()
    assert before in text
    (tmp_path / f"{name}.py").write_text(text.replace(before, after) if before else text)
    monkeypatch.syspath_prepend(tmp_path)
    return judge(name, quick=True, only=lambda i: check in i)


def test_it_has_20_lines():
    code = FILE.read_text().split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20


@needs_jax
def test_it_passes(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "jax_trainer")
    assert found.holds, found.markdown()
    assert found.counts()["passed"] >= 4


@needs_jax
def test_a_sum_for_a_mean_is_diagnosed(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "jax_sum", "/ (2 * len(data))", "/ 2",
                   check="step.values")  # fmt: skip
    told = {r.check: r.diagnosis for r in found.failures}
    assert "a sum over the batch where a mean is expected" in told["step.values"]


@needs_jax
def test_single_precision_by_accident_is_told(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "jax_single", '"jax_enable_x64", True',
                   '"jax_enable_x64", False', check="gradient.")  # fmt: skip
    assert all("jax_enable_x64" in r.message for r in found.failures)
    assert found.failures
