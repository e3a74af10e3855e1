"""The six figures: what is in their axes is what training and theory say."""

import re
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import whichmin
from whichmin import plots
from whichmin.errors import InputError, MissingDependency

ALL = {
    "trajectories": {"max_steps": 400},
    "correlations": {"step_size": 0.2},
    "walks": {"replicas": 4, "step_size": 0.2},
    "sparsity": {"replicas": 3, "batch_sizes": (1, 7, 8)},
    "spectra": {"step_size": 0.2},
    "selection": {"angles": (20, 70), "replicas": 40},
}


def draw(kind, **more):
    return getattr(plots, f"plot_{kind}")(**{**ALL[kind], **more})


def panels(axes):
    return np.atleast_1d(np.asarray(axes, dtype=object))


def lines(ax):
    return {line.get_label(): np.array(line.get_xydata()) for line in ax.lines}


def texts(axes):
    figure = panels(axes)[0].figure
    own = [t.get_text() for ax in panels(axes) for t in ax.texts]
    own += [ax.get_title(loc=side) for ax in panels(axes) for side in ("left", "center")]
    above = figure.get_suptitle() if isinstance(figure, Figure) else ""
    return " ".join([above, *own])


@pytest.mark.parametrize("kind", ALL)
def test_axes_come_back_labelled_and_the_same_call_gives_the_same_bytes(kind):
    first = draw(kind)
    assert all(isinstance(ax, Axes) for ax in panels(first))
    assert panels(first)[0].get_xlabel()
    assert panels(first)[0].get_ylabel()
    assert panels(first)[0].figure.get_suptitle()
    for form in ("svg", "pdf", "png"):
        assert plots.render(draw(kind), form) == plots.render(draw(kind), form)
    other = {"selection": {"seed": 1}}.get(kind, {"seed": 5, "activation": "linear"})
    assert plots.render(draw(kind, **other)) != plots.render(first)


@pytest.mark.parametrize("kind", ALL)
def test_a_figure_of_the_callers_is_drawn_into(kind):
    figure = Figure()
    count = {"correlations": 2, "spectra": 3}.get(kind, 1)
    given = figure.subplots(1, count)
    drawn = draw(kind, ax=given)
    assert all(a is b for a, b in zip(panels(drawn), panels(given), strict=True))
    assert any(ax.lines or ax.collections for ax in panels(given))
    with pytest.raises(InputError, match=r"ax = .*must be None or"):
        draw(kind, ax=figure.subplots(1, count + 1))
    with pytest.raises(InputError, match=r"ax = .*must be None or"):
        draw(kind, ax="axes")


def test_trajectories_end_where_theory_says():
    ax = draw("trajectories", max_steps=None, w0=[0.3, 0.2])
    found = lines(ax)
    np.testing.assert_allclose(found["start"][0], [0.3, 0.2])
    np.testing.assert_allclose(found["GD"][0], [0.3, 0.2])
    limit = np.array([0.3, 0.2]) / np.hypot(0.3, 0.2)
    np.testing.assert_allclose(found["GD"][-1], limit, atol=1e-5)
    np.testing.assert_allclose(found["predicted end of GD"][0], limit, atol=1e-12)
    ends = np.array([found[f"end of SGD run {r}"][0] for r in range(5)])
    assert (np.abs(ends - np.round(ends)) < 1e-5).all()
    assert np.allclose(np.linalg.norm(found["global minima"], axis=1), 1)
    assert (found["global minima"] > -1e-12).all()  # ReLU: the positive quadrant
    assert len(ax.collections) >= 2  # filled and lined contours
    whole = lines(draw("trajectories", activation="linear"))["global minima"]
    assert whole.min() < -0.99


def test_correlations_end_at_the_predicted_limits():
    frame = whichmin.random_frame(4, 6, 1)
    start = whichmin.random_start(6, seed=1)[0]
    left, right = plots.plot_correlations(frame, w0=start, activation="linear", step_size=0.2)
    limit = whichmin.predict(start, frame, None, 0.2, activation="linear").limits[0] @ frame.T
    ends = np.array([line.get_ydata()[-1] for line in left.lines if len(line.get_ydata()) > 2])
    for value in limit:
        assert np.abs(ends - value).min() < 1e-5
    ends = [line.get_ydata()[-1] for line in right.lines if len(line.get_ydata()) > 2]
    assert sum(abs(abs(e) - 1) < 1e-5 for e in ends) == 1
    assert left.get_ylim() == right.get_ylim()


def test_a_correlation_that_is_not_0_is_not_said_to_be():
    frame, start = np.eye(3), np.array([0.5, 0.3, 0.002])
    shown = texts(plots.plot_correlations(frame, w0=start, activation="linear", max_steps=3))
    assert "at 0" not in shown
    assert "point 2" in shown


def test_the_lead_is_constant_under_gd_and_grows_under_sgd():
    ax = draw("walks", seed=2, replicas=6)
    long = [np.array(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) > 10]
    assert len(long) >= 6
    flat = [y for y in long if np.ptp(y) < 1e-6]
    assert flat, "GD's lead"
    assert sum(y[-1] - y[0] > 5 for y in long) >= 6


def test_sparsity_is_1_below_m_and_that_of_the_start_at_m():
    ax = draw("sparsity", replicas=4)
    points = np.concatenate([np.array(line.get_xydata()) for line in ax.lines])
    assert (np.abs(points[:, 1] - 1) < 1e-5).sum() >= 8
    frame = whichmin.random_frame(8, 32, 0)
    starts = whichmin.random_start(32, 4, seed=0)
    c = np.maximum(starts @ frame.T, 0)
    for value in c.max(1) / np.linalg.norm(c, axis=1):
        assert np.abs(points[:, 1] - value).min() < 1e-4


def test_spectra_show_the_traces_of_the_closed_forms():
    axes = draw("spectra", seed=2)
    trace = whichmin.closed_form("sharpness.trace_at_minimum")
    for ax, kappa in zip(axes, (0, 0.5, 1), strict=True):
        found = re.search(r"trace: GD ([0-9.]+), SGD ([0-9.]+)", ax.get_title(loc="left"))
        for text, k in zip(found.groups(), (4, 1), strict=True):
            # four digits are shown
            assert float(text) == pytest.approx(trace(m=8, n=32, k=k, kappa=kappa), abs=6e-4)


def test_selection_follows_the_line():
    ax = draw("selection", angles=(10, 80), replicas=200)
    points = np.concatenate([np.array(line.get_xydata()) for line in ax.lines])
    for angle in (10, 80):
        near = points[np.abs(points[:, 0] - angle) < 1e-9, 1]
        # five standard errors of 200 runs and the law's next order
        assert (np.abs(near - (1 - angle / 90)) < 5 * 0.0354 + 0.05).any()
        assert np.isclose(near, float(angle < 45), atol=1e-12).any()  # reshuffled epochs


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("trajectories", {"data": np.eye(3)}, "data = .*must have shape"),
        ("correlations", {"batch_size": 9}, "batch_size = 9"),
        ("walks", {"data": np.eye(1, 3)}, "at least 2"),
        ("walks", {"replicas": 0}, "replicas = 0"),
        ("sparsity", {"batch_sizes": (9,)}, "9"),
        ("sparsity", {"alpha": 0}, "alpha = 0"),
        ("spectra", {"data": np.ones((2, 2))}, "data = .*orthonormal"),
        ("selection", {"angles": (0,)}, "angles = .*strictly between 0 and 90"),
        ("selection", {"norm": 1.5}, "norm = 1.5"),
    ],
)
def test_bad_arguments(kind, settings, message):
    with pytest.raises(InputError, match=message):
        draw(kind, **settings)


@pytest.mark.parametrize("kind", ALL)
def test_without_matplotlib_there_is_one_clear_error(kind, monkeypatch):
    for name in [n for n in sys.modules if n.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependency, match=r"pip install 'whichmin\[plot\]'"):
        draw(kind)


def test_files_are_written_in_full_or_not_at_all(tmp_path):
    axes = draw("selection")
    for name in ("a.svg", "a.pdf", "a.PNG"):
        plots.save(axes, tmp_path / name)
    starts = {p.suffix: p.read_bytes()[:5] for p in tmp_path.iterdir()}
    assert starts == {".svg": b"<?xml", ".pdf": b"%PDF-", ".PNG": b"\x89PNG\r"}
    with pytest.raises(InputError, match=r"output = .*must end in one of: .svg, .pdf, .png"):
        plots.save(axes, tmp_path / "a.gif")
    with pytest.raises(InputError, match=r"output = .*No such file"):
        plots.save(axes, tmp_path / "no" / "a.svg")
    assert len(list(tmp_path.iterdir())) == 3


def test_pyplot_is_never_loaded():
    code = (
        "import sys; from whichmin import plots; plots.render(plots.plot_selection("
        "angles=(45,), replicas=5)); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
