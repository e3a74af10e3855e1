"""What readers of a figure stumbled over."""

import itertools

import numpy as np

import whichmin
from whichmin import plots


def test_noise_has_marks_where_they_say_something_only():
    for panel in plots.plot_noise():
        for line in panel.get_lines():
            if line.get_marker() not in {"", "None", None}:
                assert any(word in line.get_label() for word in ("limit", "Σc⁴", "< 0"))
        assert len(panel.get_legend().get_texts()) <= 7


def test_spectra_do_not_pass_for_those_of_automatic_differentiation():
    """Which has another value at the last iterate, 4.25 and not 4.375 by default."""
    for panel in plots.plot_spectra(step_size=0.2):
        title = panel.get_title(loc="left")
        assert title.startswith("κ = ")
        assert "auto" not in title


def test_the_steps_of_a_long_run_have_room_under_the_axis():
    """A million steps, as at m = 200: the labels ran into each other."""
    axes = plots.plot_correlations(max_steps=3)
    for panel in axes:
        panel.set_xlim(0, 3e6)
    axes[0].figure.draw_without_rendering()
    for panel in axes:
        boxes = [t.get_window_extent() for t in panel.get_xticklabels() if t.get_text()]
        boxes = [box for box in boxes if panel.bbox.x0 - 1 <= box.x0 <= panel.bbox.x1 + 1]
        assert len(boxes) > 3
        for left, right in itertools.pairwise(boxes):
            assert left.x1 < right.x0


def test_the_limits_of_many_points_are_no_wall_of_diamonds():
    """They were a black column at m = 200; the winner's stays, the footnote counts them."""
    axes = plots.plot_correlations(whichmin.random_frame(60, 64, 0), max_steps=400)
    figure = axes[0].figure
    figure.draw_without_rendering()
    (line,) = [x for x in axes[0].get_lines() if x.get_label() == "predicted limit"]
    drawn = np.sort(line.get_ydata())
    assert 2 < len(drawn) < 60
    heights = axes[0].transData.transform([(1, y) for y in drawn])[:, 1]
    size = line.get_markersize() * np.sqrt(2) * figure.dpi / 72
    assert np.diff(heights).min() >= size
    assert any(f"predicted limits, {len(drawn)} that" in t.get_text() for t in figure.texts)


def test_the_names_of_both_curves_stand_apart():
    left = plots.plot_critical_batch(replicas=10)[0]
    left.figure.draw_without_rendering()
    steps, samples = (t.get_window_extent() for t in left.texts if " + B" in t.get_text())
    assert steps.y0 > samples.y1, "side by side they read as one line"
