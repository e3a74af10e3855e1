"""`whichmin train` on the user's data, start and batches."""

import json

import numpy as np
import pytest
import torch

from whichmin.cli import run

START = np.array([0.5, 0.4, 0.3, 0.1, 0.1])  # correlations 0.5, 0.4, 0.3 with the standard basis


def train(capsys, *arguments):
    """Exit code and JSON."""
    code = run(["train", *map(str, arguments), "--format", "json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, json.loads(printed.out)


def rows(capsys, *arguments):
    code, content = train(capsys, *arguments)
    assert code == 0
    return content["tables"][0]["rows"]


def stored(folder, name, array):
    file = folder / name
    if file.suffix == ".npz":
        np.savez(file, other=np.ones((2, 2)), points=array)
    elif file.suffix == ".pt":
        torch.save({"points": torch.from_numpy(array), "labels": torch.ones(3)}, file)
    elif file.suffix == ".csv":
        np.savetxt(file, array, delimiter=",", header="a,b,c,d,e", fmt="%.17g")
    else:
        np.save(file, array)
    return file


@pytest.fixture
def start(tmp_path):
    return stored(tmp_path, "w.npy", START)


@pytest.fixture
def correlated(tmp_path):
    points = np.eye(3, 5)
    points[1, 0] = 0.1  # inner product with the first row, and 0.01 on the second's length
    return stored(tmp_path, "g.npy", points)


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.csv", "x.pt"])
def test_every_file_format(capsys, tmp_path, start, name):
    file = stored(tmp_path, name, np.eye(3, 5))
    key = ["--key", "points"] if file.suffix in {".npz", ".pt"} else []
    code, content = train(capsys, file, *key, "--start", start, "-b", "full", "-b", "1")
    assert code == 0
    assert content["tables"][0]["notes"] == [f"data: {file}, m=3, n=5, orthonormal to rounding"]
    full, single = content["tables"][0]["rows"]
    assert full["minimum found"] == "mixture of 3 data points"
    assert full["active set"] == [0, 1, 2]
    assert full["cosine with it"] == pytest.approx(0.5 / np.sqrt(0.5), abs=1e-8)
    assert full["cosine with start"] == pytest.approx(np.sqrt(0.5 / 0.52), abs=1e-6)
    assert (full["closest data point"], full["batch size"]) == (0, 3)
    assert full["off-winner mass"] == pytest.approx(0.5, abs=1e-5)
    winner = single["closest data point"]
    assert single["minimum found"] == f"data point {winner}"
    assert single["active set"] == [winner]
    assert single["cosine with it"] == pytest.approx(1, abs=1e-9)
    assert single["off-winner mass"] <= 1e-12
    for row in (full, single):
        assert row["status"] == "converged"
        assert row["loss"] == pytest.approx(0.5 - 1 / 6, abs=1e-11)
        assert 0 <= row["loss gap"] <= 1e-12
        assert row["norm"] == pytest.approx(1, abs=1e-5)
        assert row["steps"] > 0


def test_a_negative_start(capsys, tmp_path):
    data, w = stored(tmp_path, "e.npy", np.eye(3, 5)), stored(tmp_path, "neg.npy", -START)
    code, content = train(capsys, data, "--start", w)
    assert code == 1
    for row in content["tables"][0]["rows"]:
        assert row["minimum found"] == "none (dead neuron)"
        assert (row["steps"], row["active set"], row["loss"]) == (0, [], 0.5)
    assert any(note.startswith("dead neuron: ") for note in content["tables"][0]["notes"])
    full, single = rows(capsys, data, "--start", w, "--activation", "linear")
    assert full["minimum found"] == "mixture of 3 data points"
    assert single["minimum found"] == f"-data point {single['closest data point']}"
    assert single["cosine with it"] == pytest.approx(-1, abs=1e-9)


def test_a_start_far_off_the_span_is_attracted_by_a_bad_minimum(capsys, tmp_path):
    data = stored(tmp_path, "e.npy", np.eye(3, 5))
    w = stored(tmp_path, "far.npy", np.array([0.1, 0.1, 0.1, 3.0, 3.0]))
    code, content = train(capsys, data, "--start", w, "-b", "full")
    assert code == 1
    row = content["tables"][0]["rows"][0]
    assert row["minimum found"] == "none (non-minimal critical point)"
    assert row["loss"] == pytest.approx(0.5)


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_orthonormalise(capsys, correlated, start, method):
    options = ["--orthonormalise", method, "-b", "full", "--start", start]
    code, content = train(capsys, correlated, *options)
    assert code == 0
    note = content["tables"][0]["notes"][0]
    assert f"deviation from orthonormality 0.1, orthonormalised ({method}) to rounding" in note
    row = content["tables"][0]["rows"][0]
    # Gram-Schmidt gives the standard basis. The nearest frame has the same span, but splits the
    # excess 0.1 between the first two rows: the first becomes e_0 - 0.05 e_1, to first order.
    share = 0.5 - 0.05 * 0.4 if method == "polar" else 0.5
    tolerance = 2e-3 if method == "polar" else 1e-8
    assert row["cosine with it"] == pytest.approx(share / np.sqrt(0.5), abs=tolerance)
    assert (method == "qr") == (abs(row["cosine with it"] - 0.5 / np.sqrt(0.5)) < 1e-6)


def test_as_is_linear_reaches_the_global_minimum(capsys, correlated):
    options = ["--as-is", "--activation", "linear", "-b", "full"]
    code, content = train(capsys, correlated, *options)
    assert code == 0
    row = content["tables"][0]["rows"][0]
    assert row["status"] == "converged"
    assert row["minimum found"] == f"closest to data point {row['closest data point']}"
    # Rank-one PCA: half of what the largest eigenvalue of the Gram matrix leaves, over m.
    gram = np.array([[1, 0.1, 0], [0.1, 1.01, 0], [0, 0, 1]])
    left = (3.01 - np.linalg.eigvalsh(gram)[-1]) / 6
    assert row["loss"] == pytest.approx(left, abs=1e-11)
    assert "the closed forms for orthonormal data do not apply" in content["tables"][0]["notes"][0]


def test_as_is_relu_states_no_gap(capsys, correlated):
    code, content = train(capsys, correlated, "--as-is", "-b", "full")
    row = content["tables"][0]["rows"][0]
    assert (code, row["status"], row["loss gap"]) == (1, "stationary", None)
    assert run(["train", str(correlated), "--as-is", "-b", "full"]) == 1
    assert "unknown" in capsys.readouterr().out


def test_as_is_on_orthonormal_data_changes_nothing(capsys, tmp_path, start):
    data = stored(tmp_path, "e.npy", np.eye(3, 5))
    assert rows(capsys, data, "--as-is", "--start", start) == rows(capsys, data, "--start", start)


def test_start_with_several_rows_gives_replicas(capsys, tmp_path):
    data = stored(tmp_path, "e.npy", np.eye(3, 5))
    starts = stored(tmp_path, "w.npy", np.array([START, START[[2, 1, 0, 3, 4]]]))
    found = rows(capsys, data, "--start", starts, "-b", "full")
    assert [row["closest data point"] for row in found] == [0, 2]
    assert [row["run"] for row in found] == [f"batch size full, replica {r}" for r in (0, 1)]


@pytest.mark.parametrize("name", ["b.npy", "b.csv", "b.pt"])
def test_own_batches_are_followed(capsys, tmp_path, start, name):
    data = stored(tmp_path, "e.npy", np.eye(3, 5))
    file = tmp_path / name
    batches = np.tile([[0], [1], [2]], (1600, 1))
    if name == "b.csv":
        np.savetxt(file, batches, fmt="%d")
    elif name == "b.pt":
        torch.save(torch.from_numpy(batches), file)
    else:
        np.save(file, batches)
    common = [data, "--start", start, "--max-steps", "4800"]
    own = rows(capsys, *common, "--batches", file)
    assert own[0].pop("run") == "own batches"
    cyclic = rows(capsys, *common, "-b", "1", "--sampling", "cyclic")
    assert cyclic[0].pop("run") == "batch size 1"
    assert own == cyclic
    assert own[0]["minimum found"] == "data point 0"
