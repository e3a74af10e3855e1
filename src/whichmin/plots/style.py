"""Colours, line styles, and functions that make and save figures, for all figures.

Matplotlib is optional and loads when a figure is asked for. ``pyplot`` is never imported, so
nothing depends on a display or on other figures; the user's Matplotlib settings are not used.
"""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.errors import InputError, MissingDependency
from whichmin.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FORMATS",
    "GD",
    "INK",
    "OTHER",
    "PALE",
    "QUIET",
    "SGD",
    "check_axes",
    "check_output",
    "drawing",
    "footnote",
    "render",
    "save",
    "spread",
    "steps_text",
    "tell",
]

FORMATS = ("svg", "pdf", "png")

# Okabe and Ito's colours, which colour-blind readers tell apart. Printed in grey GD's and SGD's
# are alike, so the two always differ in line style or marker too: GD solid lines and circles,
# SGD dashed or thin lines and squares, theory black and open markers.
GD = "#0072B2"
SGD = "#D55E00"
OTHER = "#009E73"
INK = "#222222"
QUIET = "#6b6b6b"
PALE = "#b5b5b5"

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same letters everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlepad": 8,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
    "lines.solid_capstyle": "round",
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    # Names inside an SVG are hashes; without a salt of our own they would differ from run to run.
    "svg.hashsalt": "whichmin",
}
_DPI = 150
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "whichmin", "Date": None},
    "pdf": {"Creator": "whichmin", "Producer": None, "CreationDate": None},
    "png": {"Software": "whichmin"},
}


def _matplotlib() -> None:
    try:
        import matplotlib.backends.backend_svg  # noqa: F401
        import matplotlib.style  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            "matplotlib", "figures are drawn with it", "pip install 'whichmin[plot]'"
        ) from error


def check_output(output: str | os.PathLike[str]) -> str:
    """Find the format of a figure from its file name.

    Args:
        output: File to write.

    Returns:
        ``svg``, ``pdf`` or ``png``.

    Raises:
        InputError: The name ends otherwise.
    """
    form = Path(output).suffix.lower().removeprefix(".")
    if form not in FORMATS:
        endings = ", ".join(f".{f}" for f in FORMATS)
        raise InputError("output", str(output), f"must end in one of: {endings}")
    return form


def check_axes(ax: Any, panels: int = 1) -> None:
    """Check that a figure can be drawn, before anything is computed for it.

    Args:
        ax: The caller's axes, or None.
        panels: How many are needed.

    Raises:
        InputError: These are no Matplotlib axes, or not as many as needed.
        MissingDependency: Matplotlib is not installed.
    """
    _matplotlib()
    if ax is None:
        return
    from matplotlib.axes import Axes

    found = np.atleast_1d(np.asarray(ax, dtype=object))
    if found.shape != (panels,) or not all(isinstance(a, Axes) for a in found):
        wanted = "Matplotlib Axes" if panels == 1 else f"an array of {panels} Matplotlib Axes"
        raise InputError("ax", ax, f"must be None or {wanted}")


@contextmanager
def drawing(
    ax: Any, size: tuple[float, float], panels: int = 1, title: str = "", **layout: Any
) -> Iterator[NDArray[np.object_]]:
    """Open new axes, or the caller's, in the style that all figures share.

    Args:
        ax: The caller's axes, or None for a new figure.
        size: Width and height of a new figure, in inches.
        panels: Number of axes, side by side.
        title: Title above the figure, or above the first of the caller's axes.
        **layout: For ``Figure.subplots``, such as ``sharey``.

    Yields:
        The axes, shape ``(panels,)``.
    """
    _matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _styled():
        if ax is not None:
            axes = np.atleast_1d(np.asarray(ax, dtype=object))
            axes[0].set_title(title)
            yield axes
            return
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = np.atleast_1d(np.asarray(figure.subplots(1, panels, **layout), dtype=object))
        figure.suptitle(title, x=0.012, ha="left")
        yield axes


def footnote(axes: NDArray[np.object_], given: Any, text: str) -> None:
    """Write text below a new figure; nothing is written below the caller's axes.

    Args:
        axes: The axes drawn on.
        given: The caller's ``ax``.
        text: What to write; it is wrapped.
    """
    if given is None:
        figure = axes[0].figure
        # 17 letters of this size, capitals and digits among them, take less than an inch.
        lines = textwrap.fill(text, int(17 * figure.get_figwidth()))
        figure.supxlabel(lines, x=0.012, ha="left", fontsize=7.5, color=QUIET)


def steps_text(step: float) -> str:
    """Write a number of steps briefly, for an axis: 100, 1k, 10k, 1M.

    Args:
        step: The number.

    Returns:
        At most four characters for powers of ten below 10^9.
    """
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if step >= unit:
            return f"{step / unit:g}{letter}"
    return f"{step:g}"


def tell(ax: Axes, text: str, at: tuple[float, float], by: tuple[float, float], **how: Any) -> None:
    """Write a label beside a point of the data, instead of a legend.

    Args:
        ax: The axes.
        text: The label.
        at: The point, in data coordinates.
        by: Offset of the label, in typographical points; it extends away from the point.
        **how: Colour and so on.
    """
    dx, dy = by
    settings = {
        "ha": "left" if dx > 0 else "right" if dx < 0 else "center",
        "va": "bottom" if dy > 0 else "top" if dy < 0 else "center",
        "annotation_clip": False,
        "zorder": 10,
        **how,
    }
    ax.annotate(text, at, by, textcoords="offset points", **settings)


def spread(heights: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Move the heights of labels apart until neighbours are at least a gap apart.

    Args:
        heights: Where the labels would stand, shape ``(k,)``.
        gap: Smallest distance.

    Returns:
        New heights in the same order, shape ``(k,)``.
    """
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    # Heights less the room for those below must not decrease: a running maximum raises labels,
    # the mirrored one lowers them, and their mean is fair to both.
    level = np.asarray(heights, dtype=np.float64)[order] - steps
    raised = np.maximum.accumulate(level)
    lowered = np.minimum.accumulate(level[::-1])[::-1]
    moved = np.empty_like(level)
    moved[order] = (raised + lowered) / 2 + steps
    return moved


def render(axes: Any, form: str = "svg", description: str = "") -> bytes:
    """Turn a figure into the bytes of a file.

    The same figure gives the same bytes with one set of library versions: names inside the file
    come from its content, and it holds no date. Data computed on another kind of processor may
    differ in their last bits, and so may the coordinates drawn from them.

    Args:
        axes: Axes of the figure, or an array of them.
        form: One of ``FORMATS``.
        description: What the figure shows and how it was made, kept in the file.

    Returns:
        The content.

    Raises:
        InputError: Unknown format.
    """
    if form not in FORMATS:
        raise InputError("form", form, f"must be one of: {', '.join(FORMATS)}")
    figure: Figure = np.atleast_1d(np.asarray(axes, dtype=object)).flat[0].figure
    about = dict(_METADATA[form])
    if description:
        about["Subject" if form == "pdf" else "Description"] = description
    buffer = io.BytesIO()
    with _styled():
        figure.savefig(buffer, format=form, dpi=_DPI, metadata=about)
    return buffer.getvalue()


def save(axes: Any, output: str | os.PathLike[str], description: str = "") -> None:
    """Write a figure to a file, in full or not at all.

    Args:
        axes: Axes of the figure, or an array of them.
        output: File that ends in ``.svg``, ``.pdf`` or ``.png``.
        description: What the figure shows and how it was made, kept in the file.
    """
    write_bytes(output, render(axes, check_output(output), description))


def _styled() -> AbstractContextManager[None]:
    import matplotlib.style

    return matplotlib.style.context(["default", _STYLE])
