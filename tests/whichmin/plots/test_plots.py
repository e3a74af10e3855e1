"""The figures: what is in their axes is what training and theory say."""

import itertools
import re
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import whichmin
from whichmin import plots
from whichmin.errors import InputError, MissingDependency
from whichmin.plots import style

ALL = {
    "trajectories": {"max_steps": 400},
    "correlations": {"step_size": 0.2},
    "walks": {"replicas": 4, "step_size": 0.2},
    "sparsity": {"replicas": 3, "batch_sizes": (1, 7, 8)},
    "spectra": {"step_size": 0.2},
    "selection": {"angles": (20, 70), "replicas": 40},
    "linear_scaling": {"replicas": 40},
    "critical_batch": {"replicas": 40, "target": 0.1},
    "sharpness": {"m": 4, "n": 6, "positive": 3},
    "noise": {"max_steps": 200},
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
    other = {"seed": 5, "activation": "linear"}
    if kind in {"selection", "linear_scaling", "critical_batch", "sharpness"}:
        other = {"seed": 1}
    assert plots.render(draw(kind, **other)) != plots.render(first)


@pytest.mark.parametrize("kind", ALL)
def test_a_figure_of_the_callers_is_drawn_into(kind):
    figure = Figure()
    two = {"correlations", "linear_scaling", "critical_batch", "noise", "sharpness"}
    count = 2 if kind in two else {"spectra": 3}.get(kind, 1)
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
    how = {"activation": "linear", "step_size": 0.2}
    left, right = plots.plot_correlations(frame, w0=start, **how)
    gd, sgd = (
        whichmin.train(frame, start, batch_size=None, **how),
        whichmin.train(frame, start, **how),
    )
    limit = whichmin.predict(start, frame, None, 0.2, activation="linear").limits[0] @ frame.T
    np.testing.assert_allclose(lines(left)["predicted limit"][:, 1], limit, atol=1e-12)
    assert lines(left)["predicted limit"][0, 0] == left.get_xlim()[1] == int(gd.steps[0])
    for ax, result in ((left, gd), (right, sgd)):
        for i in range(4):
            path = lines(ax)[f"data point {i}"]
            assert path[0].tolist() == [0, pytest.approx(start @ frame[i], abs=1e-15)]
            assert path[-1].tolist() == [int(result.steps[0]), float(result.correlations[0, i])]
    winner = int(sgd.winner[0])
    widths = {line.get_label(): line.get_linewidth() for line in right.lines}
    assert max(widths, key=widths.get) == f"data point {winner}"
    assert abs(abs(lines(right)[f"data point {winner}"][-1, 1]) - 1) < 1e-5
    assert [t.get_text() for t in right.texts] == [f"point {winner}", "3 points at 0"]
    assert left.get_ylim() == right.get_ylim()


def test_a_correlation_that_is_not_0_is_not_said_to_be():
    frame, start = np.eye(3), np.array([0.5, 0.3, 0.002])
    shown = texts(plots.plot_correlations(frame, w0=start, activation="linear", max_steps=3))
    assert "at 0" not in shown
    assert "point 2" in shown


def test_the_lead_is_constant_under_gd_and_grows_under_sgd():
    ax = draw("walks", seed=2, replicas=6)
    found = lines(ax)
    runs = [found[f"SGD run {r}"] for r in range(6)]
    assert "SGD run 6" not in found
    frame = whichmin.random_frame(8, 32, 2)
    c = np.maximum(frame @ whichmin.random_start(32, seed=2)[0], 0)
    leads = {float(np.log(c[i] / (c.sum() - c[i]))) for i in np.flatnonzero(c)}
    np.testing.assert_allclose(found["GD"][:, 1], max(leads), atol=1e-9)
    for path in runs:
        assert min(abs(path[0, 1] - lead) for lead in leads) < 1e-9, "the lead of some point"
        assert path[-1, 1] > -np.log(1e-12) / 2 - np.log(4), "over once the rivals have faded"
    steps, values = found["median of SGD runs"].T
    at_start = np.median([path[0, 1] for path in runs])
    assert (steps[0], values[0]) == (0, pytest.approx(at_start, abs=1e-12))
    assert values[-1] - values[0] > 5


def test_sparsity_is_1_below_m_and_that_of_the_start_at_m():
    found = lines(draw("sparsity", replicas=4))
    frame = whichmin.random_frame(8, 32, 0)
    c = np.maximum(whichmin.random_start(32, 4, seed=0) @ frame.T, 0)
    told = np.sort(c.max(1) / np.linalg.norm(c, axis=1))
    for size in (1, 7):
        assert len(found[f"batch size {size}"]) == 4
        np.testing.assert_allclose(found[f"batch size {size}"][:, 1], 1, atol=1e-10)
        np.testing.assert_array_equal(found[f"predicted, batch size {size}"][:, 1], 1)
    np.testing.assert_allclose(found["predicted, full batch"][:, 1], told, atol=1e-12)
    np.testing.assert_allclose(found["batch size 8"], found["predicted, full batch"], atol=1e-5)
    assert told[0] < 0.9


def test_starts_that_end_nowhere_are_not_drawn_but_counted():
    ax = plots.plot_sparsity(np.eye(2), replicas=12)
    starts = whichmin.random_start(2, 12, seed=0)
    dead = int((starts <= 0).all(1).sum())
    assert dead > 0
    assert len(lines(ax)["batch size 1"]) == 12 - dead
    text = ax.figure.get_supxlabel().replace("\n", " ")
    assert f"{2 * dead} of 24 runs reached no minimum (dead neuron): not drawn" in text


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_spectra_are_those_of_the_closed_forms(activation):
    axes = draw("spectra", seed=2, activation=activation)
    active = {"GD": 4, "SGD": 1} if activation == "relu" else {"GD": 8, "SGD": 8}
    trace = whichmin.closed_form("sharpness.trace_at_minimum")
    for ax, kappa in zip(axes, (0, 0.5, 1), strict=True):
        title = re.search(r"trace: GD ([0-9.]+), SGD ([0-9.]+)", ax.get_title(loc="left"))
        for text, (name, k), sign in zip(title.groups(), active.items(), (1, -1), strict=True):
            seen, told = (np.array(sorted(lines(ax)[n].tolist()))
                          for n in (name, f"{name}, closed form"))  # fmt: skip
            np.testing.assert_allclose(seen, told, atol=1e-4)
            expected = trace(m=8, n=32, k=k, kappa=kappa)
            assert told.prod(1).sum() * sign / 8 == pytest.approx(expected, abs=1e-12)
            assert (told[:, 1] * sign > 0).all()
            assert told[:, 1].sum() * sign == 32, "as many eigenvalues as dimensions"
            assert float(text) == pytest.approx(expected, abs=6e-4), "four digits are shown"


def test_selection_follows_the_law_and_reshuffled_epochs_the_closer_point():
    angles = (10, 30, 80)
    ax = draw("selection", angles=angles, replicas=200)
    found = lines(ax)
    law = 1 - np.array(angles) / 90
    np.testing.assert_array_equal(found["independent batches"][:, 0], angles)
    # Five standard errors of 200 runs (at most 0.0354 each), and 0.02 for the law's next order.
    np.testing.assert_allclose(found["independent batches"][:, 1], law, atol=5 * 0.0354 + 0.02)
    assert (found["independent batches"][:, 1] != law).any(), "measured, not copied"
    np.testing.assert_array_equal(found["reshuffled epochs"][:, 1], [1, 1, 0])
    np.testing.assert_allclose(found["law"][:, 1], 1 - found["law"][:, 0] / 90, atol=1e-12)
    bars = {c.get_label(): c.get_segments() for c in ax.collections}["independent batches, 95 %"]
    for (_, share), bar in zip(found["independent batches"], bars, strict=True):
        assert bar[0, 1] < share < bar[1, 1]


def test_noise_is_that_of_the_theory():
    eta = 0.2
    left, right = (lines(ax) for ax in draw("noise", max_steps=None))
    # Small weights: both scales are near m - 1 = 7, B_simple above it.
    assert 7 < right["GD: B simple"][0, 1] < 7.1
    assert (right["GD: B simple"][:, 1] > 7).all()
    assert (np.diff(right["GD: B simple"][:, 1]) > 0).all(), "it never falls along GD"
    # GD ends at a mixture with noise, SGD at a data point without.
    end = left["GD: tr Σ"][-1]
    np.testing.assert_allclose(left["(1 − Σc⁴)/m"][0], end, rtol=1e-5)
    assert end[1] > 1e-2 > 1e-9 > left["SGD: tr Σ"][-1, 1]
    limit = 7 + 8 * (2 + eta) / (4 * eta)
    # GD: m (Q - lambda (1 - Q)) - 1 with lambda = (2m - eta)/(2m + eta), Q from where it ends.
    Q = 1 - 8 * end[1]
    expected = 8 * (Q - (16 - eta) / (16 + eta) * (1 - Q)) - 1
    assert right["GD: limit of |B noise|"][0, 1] == pytest.approx(abs(expected), rel=1e-3)
    assert right["GD: |B noise|"][-1, 1] == pytest.approx(abs(expected), rel=1e-2)
    inside = draw("noise", data=np.eye(3), w0=[0.3, 0.2, 0.1], max_steps=None)
    assert "GD: limit of |B noise|" not in lines(inside[1]), "nothing off the span"
    assert right["SGD: limit of B noise"][0, 1] == pytest.approx(limit, rel=1e-12)
    assert right["SGD: |B noise|"][-1, 1] == pytest.approx(limit, rel=1e-2)


UNUSUAL = {
    "correlations": [
        {"data": np.eye(1), "w0": [0.5]},
        {"data": np.eye(3), "w0": [-0.5, -0.2, -0.1]},  # a dead neuron
        {"data": whichmin.random_frame(40, 64), "max_steps": 3000},
        {"max_steps": 0},
        {"step_size": 2.2, "max_steps": 500},  # diverges
        {"batch_size": 8},
    ],
    "trajectories": [
        {"w0": [-0.1, -0.2]},
        {"w0": [-0.1, 0.2]},
        {"w0": [0.1, 0.2], "step_size": 2.5, "max_steps": 20},
        {"w0": [-0.3, -0.2], "activation": "linear"},
        {"w0": [0.1, -0.3], "activation": "linear"},
        {"w0": [1.3, 0.2]},
    ],
    "walks": [
        {"data": np.eye(2), "w0": [0.5, 0.3]},
        {"data": whichmin.random_frame(40, 64), "max_steps": 500},
    ],
    "sparsity": [
        {"data": np.eye(1), "batch_sizes": None},
        {"data": np.eye(2), "batch_sizes": None, "replicas": 12},
        {"batch_sizes": (1, 3)},
        {"data": whichmin.random_frame(20, 20), "batch_sizes": None, "replicas": 2},
    ],
    "spectra": [
        {"data": np.eye(1), "w0": [0.5]},
        {"data": np.eye(2), "w0": [0.5, 0.3], "activation": "linear"},
        {"data": whichmin.random_frame(40, 64)},
    ],
    "selection": [{"angles": (1, 89), "replicas": 1}],
    "linear_scaling": [{"factors": (1,)}, {"step_size": 0.05, "factors": (1, 5, 20, 39)}],
    "critical_batch": [{"target": 0.5, "replicas": 2}],
    "sharpness": [
        {"m": 1, "n": 1, "positive": 1},
        {"m": 40, "n": 64, "positive": 40},
        {"epsilon": 2.0, "radius": 3.0},
    ],
    "noise": [{"data": np.eye(2), "w0": [0.5, 0.3]}, {"max_steps": 0}, {"batch_size": 7}],
}


def labels_out_of_view(ax):
    """Matplotlib keeps the labels of ticks beyond the limits and does not draw them."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


@pytest.mark.parametrize(
    ("kind", "more"), [(kind, more) for kind in ALL for more in ({}, *UNUSUAL[kind])]
)
def test_no_text_is_cut_off_or_covers_another(kind, more):
    axes = panels(draw(kind, **more))
    figure = axes[0].figure
    figure.canvas.draw()
    edge = figure.bbox
    boxes = {}
    outside = {id(text) for ax in axes for text in labels_out_of_view(ax)}
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible() and id(text) not in outside:
            # Without the arrow of an annotation; the border of a letter is empty.
            box = Text.get_window_extent(text).padded(-1)
            boxes[id(text)] = (text.get_text(), box)
            assert box.x0 >= edge.x0, text
            assert box.x1 <= edge.x1, text
            assert box.y0 >= edge.y0, text
            assert box.y1 <= edge.y1, text
    for (what, box), (other, covered) in itertools.combinations(boxes.values(), 2):
        assert not box.overlaps(covered), f"{what!r} covers {other!r}"


def test_a_text_that_is_cut_off_or_covered_would_be_noticed(monkeypatch):
    def longer(axes, given, text):
        footnote(axes, given, text)
        axes[0].figure.suptitle("a title that is much too long " * 5)

    footnote = style.footnote
    monkeypatch.setattr(style, "footnote", longer)
    with pytest.raises(AssertionError, match="much too long"):
        test_no_text_is_cut_off_or_covers_another("selection", {})
    monkeypatch.setattr(style, "footnote", footnote)
    monkeypatch.setattr(style, "spread", lambda heights, gap: heights * 0)
    with pytest.raises(AssertionError, match="covers"):
        test_no_text_is_cut_off_or_covers_another("correlations", {"max_steps": 60})


@pytest.mark.parametrize("max_steps", [0, 10])
def test_the_lead_of_short_runs_is_that_of_a_point_that_can_win(max_steps):
    # With seed 0 the largest correlation is negative for the first steps.
    start = whichmin.random_start(32, seed=0)[0] @ whichmin.random_frame(8, 32, 0).T
    assert start[np.abs(start).argmax()] < 0
    panel = plots.plot_walks(replicas=2, max_steps=max_steps)
    assert all(np.isfinite(line.get_ydata()).all() for line in panel.lines)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("trajectories", {"data": np.eye(3)}, "data = .*must have shape"),
        ("correlations", {"batch_size": 9}, "batch_size = 9"),
        ("walks", {"data": np.eye(1, 3)}, "at least 2"),
        ("walks", {"replicas": 0}, "replicas = 0"),
        ("noise", {"batch_size": 8}, "batch_size = 8, but must be below m = 8"),
        ("noise", {"step_size": 1e300, "max_steps": 9}, "w0 = .* GD ended as 'diverged'"),
        ("sparsity", {"batch_sizes": (9,)}, "9"),
        ("sparsity", {"alpha": 0}, "alpha = 0"),
        ("spectra", {"data": np.ones((2, 2))}, "data = .*orthonormal"),
        ("selection", {"angles": (0,)}, "angles = .*strictly between 0 and 90"),
        ("selection", {"norm": 1.5}, "norm = 1.5"),
        ("sharpness", {"positive": 5}, "positive = 5"),
        ("sharpness", {"n": 3}, "n = 3"),
        ("sharpness", {"radius": 0}, "radius = 0"),
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
    with pytest.raises(InputError, match=r"output = .*there is no folder"):
        plots.save(axes, tmp_path / "no" / "a.svg")
    assert len(list(tmp_path.iterdir())) == 3


def test_pyplot_is_never_loaded():
    code = (
        "import sys; from whichmin import plots; plots.render(plots.plot_selection("
        "angles=(45,), replicas=5)); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
