"""Compare what a page shows with what came out, on any processor.

Libraries add up in another order on another processor, so the last bits of a result differ, and a
text or picture that holds them would differ with them. Text outside numbers must be equal.
Numbers may differ by what changes in the last bits do to them, and by no more:

* Whole numbers must be equal.
* Numbers with a decimal point or an exponent may differ by one unit of the last digit of the one
  with more digits, since a value near a tie is rounded up or down; but by at most :data:`COARSE` of
  their size, so that 0.1 is not 0.2.
* Where more digits are shown than rounding leaves, :data:`FINE` of their size is allowed.
* Below :data:`ROUNDING` a number is what rounding left over: its sign and size mean little. Two of
  them are equal if one is 0 or they are within a factor :data:`FACTOR` of each other; so 1e-17 is
  not 1e-29, which a formula without cancellation gives.
"""

from __future__ import annotations

import base64
import doctest
import io
import math
import re
from decimal import Decimal
from xml.etree import ElementTree as ET

__all__ = ["Checker", "check_drawing", "same_drawing", "same_number", "same_text"]

# A hundredth: numbers of one or two digits must be equal.
COARSE = Decimal("0.01")
# Runs take up to 10^4 steps of at most ten roundings, 1e-16 each, and measures of their ends may
# magnify that a hundredfold.
FINE = Decimal("1e-9")
# Sums of some 60 products of numbers below 1.
ROUNDING = Decimal(2) ** -46
FACTOR = 100
# Coordinates in an SVG are in points, 1/72 inch.
POINTS = 0.5
# Of a colour in an embedded raster, from 0 to 1.
SHADE = 2 / 255

# A number that is no part of a word, a version or a date. Possessive (++, ?+): it is taken whole.
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+(?![\w]|\.\d)", re.ASCII
)
# Widths of columns and of the rules below their heads follow the numbers in them.
_PADDING = re.compile(r" +|-{3,}")
_DOTS = "..."


def same_number(shown: str, printed: str) -> bool:
    """Compare two numbers as texts; see the top of this module.

    Args:
        shown: What the page shows.
        printed: What came out.

    Returns:
        Whether they may be the same number, computed on two processors.
    """
    if shown == printed:
        return True
    a, b = Decimal(shown), Decimal(printed)
    if all(re.fullmatch(r"[-+]?\d+", x) for x in (shown, printed)):
        return a == b
    size = max(abs(a), abs(b))
    if size < ROUNDING:
        return not a or not b or size <= FACTOR * min(abs(a), abs(b))
    # 9.99 and 10.0 have units of their own.
    unit = min(Decimal(1).scaleb(int(x.as_tuple().exponent)) for x in (a, b))
    return abs(a - b) <= max(min(unit, COARSE * size), FINE * size)


def same_text(shown: str, printed: str) -> bool:
    """Compare two texts; ``...`` in the first stands for anything.

    Widths of columns count only where all numbers are equal to the letter.

    Args:
        shown: What the page shows.
        printed: What came out.

    Returns:
        Whether they say the same.
    """
    if doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        return True
    pattern = "".join(
        r"(?:[\s\S]*?)" if piece == _DOTS else _pattern_of(piece)
        for piece in re.split(r"(\.\.\.)", shown.rstrip("\n"))
    )
    found = re.fullmatch(pattern, printed.rstrip("\n"))
    if found is None:
        return False
    numbers = [x for piece in shown.split(_DOTS) for x in _NUMBER.findall(piece)]
    if numbers == list(found.groups()):
        return False  # then the difference is elsewhere
    return all(map(same_number, numbers, found.groups()))


def _pattern_of(text: str) -> str:
    """A regular expression for a text, with a group in place of each number."""
    parts, at = [], 0
    for number in _NUMBER.finditer(text):
        parts += [_padded(text[at : number.start()]), f"({_NUMBER.pattern})"]
        at = number.end()
    return "".join([*parts, _padded(text[at:])])


def _padded(text: str) -> str:
    parts, at = [], 0
    for run in _PADDING.finditer(text):
        parts += [re.escape(text[at : run.start()]), f"{re.escape(run[0][0])}+"]
        at = run.end()
    return "".join([*parts, re.escape(text[at:])])


class Checker(doctest.OutputChecker):
    """Compares the outputs of doctests as :func:`same_text` does."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Compare one output.

        Args:
            want: What the page shows.
            got: What came out.
            optionflags: As in doctest.

        Returns:
            Whether they say the same.
        """
        if super().check_output(want, got, optionflags):
            return True
        return same_text(want.replace("<BLANKLINE>", ""), got)


def check_drawing(drawn: bytes) -> None:
    """Make sure that a file is an SVG that shows something.

    Args:
        drawn: The file.

    Raises:
        ValueError: It is no SVG, or has no size, or neither paths nor rasters.
    """
    try:
        root = ET.fromstring(drawn)  # noqa: S314 - drawn by our own commands
    except ET.ParseError as error:
        raise ValueError(f"no SVG: {error}") from error
    if _name(root) != "svg":
        raise ValueError(f"no SVG: the root is {root.tag!r}")
    box = [float(x) for x in root.get("viewBox", "").split()]
    if len(box) != 4 or not (box[2] > 0 and box[3] > 0):
        raise ValueError(f"no size: viewBox is {root.get('viewBox')!r}")
    shown = [x for x in _outside_definitions(root) if _name(x) in {"path", "image", "use"}]
    # The backgrounds of the figure and of its axes are two paths.
    if len(shown) <= 2:
        raise ValueError(f"nothing is drawn: {len(shown)} shapes")


def same_drawing(kept: bytes, drawn: bytes) -> bool:
    """Compare two SVG files: coordinates to half a point, everything else exactly.

    Args:
        kept: The file that is kept.
        drawn: What was drawn now.

    Returns:
        Whether they show the same.
    """
    left, right = (list(ET.fromstring(x).iter()) for x in (kept, drawn))  # noqa: S314
    return len(left) == len(right) and all(map(_same_element, left, right))


def _same_element(a: ET.Element, b: ET.Element) -> bool:
    texts = ((a.text or "", b.text or ""), (a.tail or "", b.tail or ""))
    return (
        a.tag == b.tag
        and a.keys() == b.keys()
        and all(x.split() == y.split() for x, y in texts)
        and all(_same_attribute(a.attrib[key], b.attrib[key]) for key in a.attrib)
    )


# In an SVG a number may directly follow a letter or another number.
_COORDINATE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


def _same_attribute(a: str, b: str) -> bool:
    if a == b or (_is_name(a) and _is_name(b)):
        return True
    raster = "data:image/png;base64,"
    if a.startswith(raster) and b.startswith(raster):
        return _same_raster(*(base64.b64decode(x.removeprefix(raster)) for x in (a, b)))
    if a.startswith("#") or b.startswith("#"):
        return False  # a glyph, or a colour
    numbers = [[float(x) for x in _COORDINATE.findall(y)] for y in (a, b)]
    return _COORDINATE.sub("0", a) == _COORDINATE.sub("0", b) and all(
        math.isclose(x, y, rel_tol=0, abs_tol=POINTS) for x, y in zip(*numbers, strict=True)
    )


def _is_name(value: str) -> bool:
    """Whether a value is a name that Matplotlib made from a digest of coordinates, or its use."""
    return re.fullmatch(r"(?:#|url\(#)?[a-z]+[0-9a-f]{10}\)?", value) is not None


def _same_raster(a: bytes, b: bytes) -> bool:
    import numpy as np
    from matplotlib.image import imread

    left, right = (imread(io.BytesIO(x)) for x in (a, b))
    return left.shape == right.shape and bool(np.abs(left - right).max() <= SHADE)


def _outside_definitions(element: ET.Element) -> list[ET.Element]:
    """An element and all below it that are drawn where they stand."""
    if _name(element) == "defs":
        return []
    return [element, *(x for child in element for x in _outside_definitions(child))]


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
