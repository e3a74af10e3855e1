"""What all figures share."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from whichmin.errors import InputError
from whichmin.plots import style


def test_labels_are_moved_apart_and_no_more():
    apart = np.array([0.0, 1.0, 3.0])
    np.testing.assert_array_equal(style.spread(apart, 0.5), apart)
    moved = style.spread(np.array([0.52, 0.5, 2.0, 0.51]), 0.1)
    np.testing.assert_allclose(moved, [0.61, 0.41, 2.0, 0.51])
    rng = np.random.default_rng(0)
    for _ in range(50):
        heights = rng.normal(size=7)
        moved = style.spread(heights, 0.3)
        order = np.argsort(heights)
        assert (np.diff(moved[order]) >= 0.3 - 1e-12).all()
    assert style.spread(np.array([]), 0.1).shape == (0,)


def test_the_readers_settings_neither_enter_nor_change():
    def drawn():
        with style.drawing(None, (3, 2), title="a title") as axes:
            axes[0].plot([0, 1], [0, 1])
            style.footnote(axes, None, "settings")
        return style.render(axes, "svg")

    plain = drawn()
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        assert drawn() == plain
        assert dict(mpl.rcParams) == before


def test_long_footnotes_are_wrapped_and_a_callers_figure_gets_none():
    with style.drawing(None, (3, 2)) as axes:
        style.footnote(axes, None, "word " * 40)
        assert axes[0].figure.get_supxlabel().count("\n") >= 3
    given = Figure().subplots()
    with style.drawing(given, (3, 2), title="one") as axes:
        style.footnote(axes, given, "word")
    assert given.figure.get_supxlabel() == ""
    assert given.get_title(loc="left") == "one"


@pytest.mark.parametrize(
    ("name", "form"), [("a.svg", "svg"), ("b.c.PDF", "pdf"), ("x/y.png", "png")]
)
def test_the_suffix_says_the_format(name, form):
    assert style.check_output(name) == form


@pytest.mark.parametrize("name", ["a", "a.jpg", "svg", ".svg", "a.svg.gz", ""])
def test_other_suffixes_are_refused(name):
    with pytest.raises(InputError, match=r"output = .*must end in one of: \.svg, \.pdf, \.png"):
        style.check_output(name)


def test_files_carry_no_date_and_an_unknown_format_is_refused():
    with style.drawing(None, (2, 2)) as axes:
        pass
    for form, never in (("svg", b"<dc:date>"), ("pdf", b"/CreationDate"), ("png", b"tIME")):
        content = style.render(axes, form, "described")
        assert never not in content
        assert b"described" in content
    with pytest.raises(InputError, match="form = 'gif'"):
        style.render(axes, "gif")


def test_colours_differ_for_everybody():
    # Lightness of Okabe and Ito's blue, vermillion and green is alike: markers and line styles
    # tell them apart in grey (see the figures); here, that none of them is lost on white.
    for colour in (style.GD, style.SGD, style.OTHER, style.INK, style.QUIET):
        red, green, blue = mpl.colors.to_rgb(colour)
        assert 0.299 * red + 0.587 * green + 0.114 * blue < 0.55


def test_a_footnote_of_capitals_and_digits_stays_within_the_figure():
    """At m = 200 the end of such a line was cut off."""
    text = "ReLU, 200 data points in 300 dimensions, SGD with batch size 100, seed 0; " * 3
    with style.drawing(None, (8.6, 4.4)) as axes:
        style.footnote(axes, None, text)
    figure = axes[0].figure
    figure.draw_without_rendering()
    (written,) = (t for t in figure.findobj(mpl.text.Text) if t.get_text().startswith("ReLU"))
    assert written.get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize(
    ("step", "text"),
    [(0, "0"), (1, "1"), (100, "100"), (1000, "1k"), (1e5, "100k"), (1e6, "1M"), (2500, "2.5k")],
)
def test_steps_are_written_briefly(step, text):
    assert style.steps_text(step) == text
