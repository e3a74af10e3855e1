"""``whichmin plot``: files, defaults, and errors that come before the work."""

import io

import numpy as np
import pytest

from whichmin import plots
from whichmin.cli import run
from whichmin.plots import style

KINDS = (
    "trajectories", "correlations", "walks", "sparsity", "spectra", "selection", "linear-scaling",
    "critical-batch", "sharpness",
)  # fmt: skip


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Calls of the drawing functions, which draw something small instead."""
    calls = []

    def spy(kind):
        def function(**settings):
            calls.append((kind, settings))
            with style.drawing(None, (2, 2)) as axes:
                return axes

        return function

    for kind in KINDS:
        monkeypatch.setattr(plots, f"plot_{kind.replace('-', '_')}", spy(kind))
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_file_is_said(drawn, tmp_path, capsys, kind):
    assert run(["plot", kind]) == 0
    assert capsys.readouterr() == ("", f"wrote whichmin-{kind}.svg\n")
    assert [p.name for p in tmp_path.iterdir()] == [f"whichmin-{kind}.svg"]
    assert drawn[0][0] == kind
    assert drawn[0][1].get("data") is None


def test_options_arrive(drawn, tmp_path):
    np.save(tmp_path / "rows.npy", np.eye(3, 4))
    np.save(tmp_path / "w0.npy", np.full(4, 0.2))
    assert run([
        "plot", "walks", "rows.npy", "--start", "w0.npy", "--activation", "linear", "-b", "2",
        "--step-size", "0.3", "--replicas", "7", "--max-steps", "50", "--seed", "3", "-o", "x.png",
    ]) == 0  # fmt: skip
    ((_, settings),) = drawn
    assert settings.pop("data").m == 3
    assert settings.pop("w0").tolist() == [0.2] * 4
    assert settings == {
        "activation": "linear", "batch_size": 2, "step_size": 0.3, "replicas": 7,
        "max_steps": 50, "seed": 3,
    }  # fmt: skip
    assert (tmp_path / "x.png").exists()
    run(["plot", "sparsity", "-b", "1", "-b", "3", "--alpha", "0.1"])
    assert drawn[1][1]["batch_sizes"] == (1, 3)
    assert drawn[1][1]["alpha"] == 0.1
    run(["plot", "selection", "--angle", "30", "--norm", "0.9"])
    assert drawn[2][1]["angles"] == (30.0,)
    assert drawn[2][1]["norm"] == 0.9
    run(["plot", "spectra", "--m", "4", "--n", "5", "--frame", "standard"])
    assert drawn[3][1]["data"].points.tolist() == np.eye(4, 5).tolist()
    run(["plot", "correlations", "--dataset", "digits", "--m", "3", "--orthonormalise", "qr"])
    assert drawn[4][1]["data"].orthonormal
    run(["plot", "linear-scaling", "--factor", "2", "--factor", "3", "--step-size", "0.2"])
    assert drawn[5][1]["factors"] == (2, 3)
    assert drawn[5][1]["step_size"] == 0.2
    run(["plot", "critical-batch", "--target", "0.1", "--replicas", "9"])
    assert drawn[6][1] == {"target": 0.1, "replicas": 9, "seed": 0}


def test_bad_output_is_refused_before_anything_is_drawn(drawn, tmp_path, capsys):
    assert run(["plot", "walks", "-o", "x.gif"]) == 2
    assert "--output = 'x.gif', but must end in one of: .svg" in capsys.readouterr().err
    assert drawn == []
    assert run(["plot", "walks", "-o", "no/x.svg"]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_ones_own_file(tmp_path, capsys):
    np.save(tmp_path / "data.npy", np.random.default_rng(0).normal(size=(4, 6)))
    out = tmp_path / "picture.svg"
    words = ["plot", "correlations", str(tmp_path / "data.npy"), "-o", str(out)]
    assert run(words) == 2
    assert "the rows must be orthonormal" in capsys.readouterr().err
    assert not out.exists()
    assert run([*words, "--orthonormalise", "polar", "--step-size", "0.2"]) == 0
    assert out.read_text().startswith("<?xml")


def test_an_argument_of_another_name_is_refused_by_its_option(capsys):
    assert run(["plot", "linear-scaling", "--factor", "20"]) == 2
    assert "--factor = 20, but must be below 20" in capsys.readouterr().err


def test_the_help_says_which_batches_are_drawn(capsys):
    assert run(["plot", "noise", "--help"]) == 0
    assert "1 to m - 1" in " ".join(capsys.readouterr().out.split())
    assert run(["plot", "linear-scaling", "--help"]) == 0
    assert "has variance 1/B" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plot", "selection", "--angle", "45", "--replicas", "2"], "drawing selection"),
        (["predict", "--m", "2", "--n", "2", "-b", "full"], "predicting batch size full"),
    ],
)
def test_what_takes_long_says_on_a_terminal_what_it_does(tmp_path, monkeypatch, words, told):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stderr", stream)
    assert run(words) == 0
    assert told in stream.getvalue()
