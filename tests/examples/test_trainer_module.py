"""The adapter is short, the example is right, and slips in the user's part of it are caught."""

import ast
from pathlib import Path

from whichmin.verification.oracle import judge

FILE = Path(__file__).parents[2] / "examples/trainer_module.py"


def judged(tmp_path, monkeypatch, name, before="", after="", check=""):
    text = FILE.read_text()
    assert before in text
    (tmp_path / f"{name}.py").write_text(text.replace(before, after) if before else text)
    monkeypatch.syspath_prepend(tmp_path)
    return judge(f"{name}:target", quick=True, only=lambda i: i.startswith(check))


def test_the_adapter_has_five_lines():
    text = FILE.read_text()
    node = next(n for n in ast.parse(text).body if isinstance(n, ast.Assign))
    assert node.end_lineno - node.lineno + 1 + text.count("import from_module") <= 5


def test_it_passes(tmp_path, monkeypatch):
    found = judged(tmp_path, monkeypatch, "module_right")
    assert found.holds, found.markdown()
    assert found.target == "TiedAutoencoder"
    assert found.conventions["sampling"] == "reshuffled"
    assert found.counts()["passed"] >= 15


def test_a_loop_that_does_not_zero_gradients_fails(tmp_path, monkeypatch):
    found = judged(
        tmp_path, monkeypatch, "module_adds", "        optimiser.zero_grad()\n", "", "train.values"
    )
    assert [r.check for r in found.failures] == ["train.values"]


def test_a_loader_without_its_seed_fails(tmp_path, monkeypatch):
    found = judged(
        tmp_path, monkeypatch, "module_seedless", "manual_seed(seed)", "manual_seed(0)",
        "sample_batches",
    )  # fmt: skip
    assert "sample_batches.seed" in {r.check for r in found.failures}
