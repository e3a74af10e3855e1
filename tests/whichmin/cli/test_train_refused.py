"""Wrong use of `whichmin train`: exit code 2, one clear message, nothing on standard output."""

from pathlib import Path

import numpy as np
import pytest

from whichmin.cli import run


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.eye(3, 5)
    np.save("good.npy", points)
    points[1, 0] = 0.1
    np.save("correlated.npy", points)
    np.save("dependent.npy", np.ones((2, 5)))
    np.save("tall.npy", np.ones((5, 2)))
    np.save("zero.npy", np.diag([1.0, 0.0]))
    np.save("nan.npy", np.array([[1.0, np.nan]]))
    np.save("flat.npy", np.ones(5))
    np.save("complex.npy", np.eye(2) + 0j)
    np.save("words.npy", np.array([["a", "b"]]))
    np.savez("two.npz", a=np.eye(2), b=np.eye(3))
    np.save("b.npy", np.array([[0], [1]]))
    np.save("b-from-1.npy", np.array([[1], [3]]))
    np.save("b-half.npy", np.array([[0.5], [1]]))
    np.save("w4.npy", np.ones(4))
    np.save("w3x5.npy", np.ones((3, 5)))
    (tmp_path / "float.csv").write_text("0.6,0.8\n-0.8,0.61\n")


def refused(capsys, *arguments):
    code = run(["train", *arguments])
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    return printed.err


def test_correlated_data_is_refused_with_its_measured_deviation_and_what_to_do(capsys):
    assert refused(capsys, "correlated.npy") == (
        "whichmin: error: FILE = correlated.npy, m=3, n=5, deviation from orthonormality 0.1, but "
        "the rows must be orthonormal; add --orthonormalise polar (the nearest orthonormal rows), "
        "--as-is (your rows; bring them to length 1 first) or --whiten\n"
    )
    assert "deviation from orthonormality 0.012" in refused(capsys, "float.csv")


DATA = [
    (["missing.npy"], "FILE = 'missing.npy', but there is no such file"),
    (["."], "FILE = '.', but must be a file"),
    (["good.npy", "--key", "a"], "key = 'a', but good.npy holds a single array without a name"),
    (["two.npz"], "FILE = 'two.npz', but holds several arrays (a, b); choose one, --key a"),
    (["two.npz", "--key", "c"], "key = 'c', but must be one of: a, b"),
    (["tall.npy"], "and more points than dimensions cannot be; add --as-is (your rows;"),
    (["tall.npy", "--orthonormalise", "qr"], "at most n points can be orthonormal in R^n"),
    (["dependent.npy", "--orthonormalise", "polar"], "FILE (dependent.npy) = '2 rows of rank 1'"),
    (
        ["zero.npy", "--as-is"],
        "FILE (zero.npy) = 'row 1 is zero', but every row, counted from 0, must",
    ),
    (["nan.npy"], "but must be finite everywhere (the first is at [0, 1], counted from 0)"),
    (["flat.npy"], "FILE (flat.npy) = 'array of shape (5,)', but must have shape (m"),
    (["complex.npy"], "= an array of complex numbers, but must hold real numbers"),
    (["words.npy"], "must hold real numbers"),
]
COMBINATIONS = [
    (["correlated.npy", "--as-is", "--orthonormalise", "qr"], "--as-is = True, but cannot be"),
    (["--as-is"], "--as-is = True, but needs a FILE"),
    (["--orthonormalise", "qr"], "--orthonormalise = 'qr', but needs a FILE"),
    (["--key", "a"], "--key = 'a', but needs a FILE"),
    (["good.npy", "--m", "3"], "--m = 3, but is for generated data, without a FILE"),
    (["good.npy", "--n", "5"], "--n = 5, but is for generated data, without a FILE"),
    (["good.npy", "--frame", "random"], "--frame = 'random', but is for generated data"),
    (["good.npy", "--start", "missing.npy"], "--start = 'missing.npy', but there is no such file"),
    (["good.npy", "--start", "w4.npy"], "must have shape (5,) or (replicas, 5) to match"),
    (["good.npy", "--start", "w3x5.npy", "--replicas", "2"], "replicas = 2, but must match the 3"),
    (["good.npy", "--batches", "missing.npy"], "--batches = 'missing.npy', but there is no such"),
    (["good.npy", "--batches", "b-from-1.npy"], "'indices from 1 to 3', but must lie in 0 .. 2"),
    (["good.npy", "--batches", "b-half.npy"], "must hold integers"),
    (["good.npy", "--batches", "b.npy", "--max-steps", "3"], "batches holds 2 steps only"),
    (["good.npy", "--batches", "b.npy", "-b", "2"], "--batch"),
    (["good.npy", "--batches", "b.npy", "--sampling", "cyclic"], "--sampling"),
]
NUMBERS = [
    (["--batch-size", "x"], "--batch-size = 'x', but must be a positive integer or 'full'"),
    (["-b", "own"], "--batch-size = 'own', but must be a positive integer or 'full'"),
    (["-b", "-1"], "--batch-size = '-1', but must be a positive integer or 'full'"),
    (["-b", "1.5"], "--batch-size = '1.5', but must be a positive integer or 'full'"),
    (["-b", "²"], "--batch-size = '²', but must be a positive integer or 'full'"),
    (["-b", "0"], "= 0, but must be an integer >= 1 and <= 8"),
    (["-b", "9"], "= 9, but must be an integer >= 1 and <= 8 (the number of data points"),
    (["--step-size", "0"], "= 0.0, but must be a positive finite number"),
    (["--step-size", "nan"], "= nan, but must be a positive finite number"),
    (["--step-size", "inf"], "= inf, but must be a positive finite number"),
    (["--tolerance", "0"], "tolerance = 0.0, but must be a positive finite number below 0.01"),
    (["--tolerance", "1"], "tolerance = 1.0, but must be a positive finite number below 0.01"),
    (["--max-steps", "-1"], "= -1, but must be an integer >= 0"),
    (["--replicas", "0"], "replicas = 0, but must be an integer >= 1"),
    (["--seed", "-1"], "seed = -1, but must be an integer >= 0 and <= 18446744073709551615"),
    (["--seed", "18446744073709551616"], "seed = 18446744073709551616, but must be an integer"),
    (["--m", "0"], "m = 0, but must be an integer >= 1"),
    (["--m", "9", "--n", "4"], "n = 4, but must be an integer >= 9 (m orthonormal points need"),
    (["--device", "tpu"], "device = 'tpu', but must be cpu, cuda or cuda:INDEX"),
    (["--device", "cuda:99"], "device = 'cuda:99' is missing: PyTorch "),
]
WORDS = [
    (["--activation", "tanh"], "'tanh' is not one of 'linear', 'relu'"),
    (
        ["--engine", "fast"],
        "'fast' is not one of 'auto', 'autograd', 'compiled', 'dense', 'reduced'",
    ),
    (["--sampling", "custom"], "'custom' is not one of 'without-replacement', 'with-replacement'"),
    (["--frame", "hexagonal"], "'hexagonal' is not one of 'random', 'standard'"),
    (["--orthonormalise", "svd"], "'svd' is not one of 'polar', 'qr'"),
    (["--dtype", "float16"], "'float16' is not one of 'float64', 'float32'"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), [*DATA, *COMBINATIONS, *NUMBERS, *WORDS], ids=lambda v: " ".join(v)[
        :40] if isinstance(v, list) else "",
)  # fmt: skip
def test_refused(capsys, arguments, message):
    error = refused(capsys, *arguments)
    assert message in error
    if error.startswith("whichmin: error: "):
        assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["-b", "0"], "--batch-size"),
        (["--step-size", "0"], "--step-size"),
        (["--max-steps", "-1"], "--max-steps"),
        (["good.npy", "--start", "w4.npy"], "--start"),
    ],
)
def test_the_message_names_the_option_as_it_was_typed(capsys, arguments, option):
    # InputError: "Name of the argument, as the caller spelled it".
    assert option in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "option", "other"),
    [
        (["good.npy", "-o", "./good.npy"], "--output", "FILE"),
        (["good.npy", "--start", "w4.npy", "-o", "w4.npy"], "--output", "--start"),
        (["--checkpoint", "c.npz", "-o", "c.npz"], "--output", "--checkpoint"),
        (["--record", "c.npz", "--checkpoint", "c.npz"], "--checkpoint", "--record"),
        (["--resume", "c.npz", "-o", "c.npz"], "--output", "--resume"),
        (["--record", "t.npy", "--record-every", "9", "-o", "t.full.npy"], "--output", "--record"),
        (
            ["--record", "t.npy", "--record-every", "9", "--checkpoint", "t.1.npy"],
            "--checkpoint",
            "--record",
        ),
    ],
)
def test_a_file_that_is_read_or_written_already_is_no_output(capsys, arguments, option, other):
    before = {name: Path(name).read_bytes() for name in ("good.npy", "w4.npy")}
    said = refused(capsys, *arguments)
    assert said.startswith(f"whichmin: error: {option} = ")
    assert said.endswith(f"must be another file than that of {other}\n")
    assert {name: Path(name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "wrong",
    [
        ["--checkpoint", "good.npy"],
        ["--checkpoint", "missing/run.npz"],
        ["--checkpoint", "run.npz", "--checkpoint-every", "0"],
        ["-b", "1", "-b", "99"],
    ],
)
def test_a_run_that_is_refused_leaves_no_trajectory(capsys, wrong):
    before = sorted(Path().iterdir())
    refused(capsys, "--record", "t.npy", "--record-every", "9", *wrong)
    assert sorted(Path().iterdir()) == before


def test_an_empty_name_for_the_trajectory_is_refused(capsys):
    assert "--record" in refused(capsys, "--record", "", "--record-every", "5")
