"""The example is short, right, and a slip in it is caught with its cause."""

import subprocess
import sys
from pathlib import Path

from whichmin.verification.oracle import judge

FILE = Path(__file__).parents[2] / "examples/trainer_numpy.py"


def broken(tmp_path, monkeypatch, name, before, after):
    text = FILE.read_text()
    assert before in text
    (tmp_path / f"{name}.py").write_text(text.replace(before, after))
    monkeypatch.syspath_prepend(tmp_path)
    return {r.check: r for r in judge(name).results}


def test_it_has_20_lines():
    code = FILE.read_text().split('"""', 2)[2]
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 20


def test_the_command_in_its_docstring_passes():
    command = next(line for line in FILE.read_text().splitlines() if line.startswith("pytest "))
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "-p", "no:cacheprovider"],
        cwd=FILE.parent, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "trainer_numpy: " in done.stdout
    assert "failed" not in done.stdout


def test_a_missing_mean_is_diagnosed(tmp_path, monkeypatch):
    found = broken(tmp_path, monkeypatch, "summing", "(c @ c) * w) / len(data)", "(c @ c) * w)")
    assert found["gradient.values"].diagnosis.startswith("off by exactly a factor m: a sum")
    assert found["step.values"].diagnosis.startswith("off by exactly a factor b: a sum")
    assert "a sum over the batch where a mean" in found["train.values"].diagnosis
    assert found["loss.values"].good


def test_a_wrong_sign_and_a_skipped_batch_are_diagnosed(tmp_path, monkeypatch):
    found = broken(tmp_path, monkeypatch, "climbing", "w - step_size", "w + step_size")
    assert "the sign" in found["step.values"].diagnosis
    found = broken(tmp_path, monkeypatch, "skipping", "in batches:", "in batches[1:]:")
    assert found["train.values"].diagnosis == "off by one batch: the first is skipped"
