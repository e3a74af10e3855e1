"""The comparison of pages: it forgives the last bits and notices a wrong number, word or line."""

import numpy as np
import pytest
from compare import check_drawing, same_drawing, same_number, same_text

from whichmin import plots


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("0.5", "0.49999999999999994"),
        ("3.999999999999996", "3.9999999999999947"),
        ("9.2e-16", "1.2e-15"),
        ("0.0", "2.2e-16"),
        ("-3.e-31", "9.e-31"),
        ("0.125", "0.126"),
        ("9.99", "10.0"),
        ("9.26e-13", "9.27e-13"),
        ("1", "0.9999999999"),
        ("-0.0", "0.0"),
        ("5e-324", "1e-322"),
    ],
)
def test_last_bits_are_forgiven(shown, printed):
    assert same_number(shown, printed)
    assert same_number(printed, shown)
    assert same_text(f"found {shown}, a mixture\n", f"found {printed}, a mixture\n")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("4", "5"),
        ("2772", "2773"),
        ("0.1", "0.2"),
        ("0.98", "0.99"),
        ("0.125", "0.127"),
        ("0.125", "-0.125"),
        ("0.4375", "0.4385"),
        ("3.999999999999996", "3.99999"),
        ("1e-12", "1e-11"),
        ("9.26e-13", "1.26e-13"),
        ("1.67e-28", "1.67e-17"),  # what cancels and what does not
        ("0.0", "1e-13"),
        ("0.0", "0.5"),
        ("9.2e-16", "9.2e-6"),
        ("1e+10", "1e+11"),
        ("1e300", "2e300"),
    ],
)
def test_a_wrong_number_is_noticed(shown, printed):
    assert not same_number(shown, printed)
    assert not same_number(printed, shown)
    assert not same_text(f"found {shown}, a mixture\n", f"found {printed}, a mixture\n")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a 0.5 b", "a 0.49999999999 b", True),
        ("a 0.5 b", "a 0.49999999999 c", False),
        ("a 0.5 b", "a nan b", False),
        ("a 0.5 b", "a 0.5 b ", False),
        ("a  0.5", "a 0.5", False),  # widths count where all numbers are equal
        ("x    y\n---  -\n0.5  1", "x              y\n-------------  -\n0.49999999999  1", True),
        ("0.5\n0.25", "0.5", False),
        ("0.5", "0.5\n0.25", False),
        ("[0.5, 0.25]", "[0.49999999999, 0.2500000000001]", True),
        ("[0.5, 0.25]", "[0.49999999999, 0.2500004]", False),
        ("2.13.0", "2.14.0", False),  # a version is a word
        ("w0.5", "w0.500000000001", False),
        ("2026-01-02", "2026-01-03", False),
        ("took ... s, 0.5", "took 3.7 s, 0.49999999999", True),
        ("took ... s, 0.5", "took 3.7 s, 0.6", False),
        ("... 0.5\n...", "much\nmore 0.500000000001\nand 7", True),
        ("about 0.5.", "about 0.49999999999999.", True),
        ("0.5% of 12", "0.499999999999% of 12", True),
        ("0.5% of 12", "0.499999999999% of 13", False),
    ],
)  # fmt: skip
def test_texts(shown, printed, same):
    assert same_text(f"{shown}\n", f"{printed}\n") is same


@pytest.fixture(scope="module")
def drawing():
    return plots.render(plots.plot_spectra())


def test_a_drawing_is_drawn_and_equals_itself(drawing):
    check_drawing(drawing)
    assert same_drawing(drawing, drawing)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"", "no SVG"),
        (b"<svg", "no SVG"),
        (b"<html/>", "the root is 'html'"),
        (b'<svg viewBox="0 0 0 5"/>', "no size"),
        (b"<svg><path/><path/><path/></svg>", "no size"),
        (b'<svg viewBox="0 0 5 5"><path/><path/><defs><path/></defs></svg>', "2 shapes"),
    ],
)
def test_what_is_no_drawing_is_refused(file, message):
    with pytest.raises(ValueError, match=message):
        check_drawing(file)


def svg(path="M 1.0 2.0 L 3 4", fill="#0072b2", text="x", use="#m0123456789"):
    return (
        f'<svg viewBox="0 0 5 5"><text>{text}</text><path d="{path}" style="fill: {fill}"/>'
        f'<use href="{use}"/></svg>'
    ).encode()


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (svg("M 1.3 1.8 L 3 4.2"), True),
        (svg(use="#m0123456abc"), True),  # names are digests of coordinates
        (svg("M 1.6 2.0 L 3 4"), False),
        (svg("M 1.0 2.0 C 3 4"), False),
        (svg("M 1.0 2.0 L 3 4 5 6"), False),
        (svg(fill="#d55e00"), False),
        (svg(text="y"), False),
        (svg(use="#DejaVuSans-39"), False),
        (svg().replace(b"<path", b"<path/><path"), False),
        (svg().replace(b"<path", b'<path id="a"'), False),
    ],
)
def test_drawings(other, same):
    assert same_drawing(svg(), other) is same


def test_rasters_are_compared_as_pixels():
    def of(shade):
        with plots.style.drawing(None, (2, 2)) as axes:
            axes[0].imshow(np.array([[0.0, shade], [0.5, 1.0]]), cmap="gray")
        return plots.render(axes)

    assert b"data:image/png" in of(0.3)
    assert same_drawing(of(0.3), of(0.3 + 1e-3))
    assert not same_drawing(of(0.3), of(0.35))
