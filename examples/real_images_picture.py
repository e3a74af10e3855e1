"""Picture of the study in ``real_images.py``: the images themselves, and curves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from whichmin.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.gridspec import SubplotSpec
    from real_images import Outcome, Study

SUFFIXES = ("svg", "png", "pdf")
ROWS = {
    "raw": "Raw\nimages as they are",
    "whitened": "Whitened\ncentred, ZCA",
    "polar": "Polar\nnearest\northonormal frame",
    "QR": "QR\nGram-Schmidt",
}
# Colour, marker, its size, line style. Okabe and Ito's palette; shape and size keep curves that
# coincide apart, also without colour.
STYLES = {
    "raw": ("#000000", "o", 5, "-"),
    "whitened": ("#D55E00", "s", 5, "-"),
    "polar": ("#56B4E9", "^", 8, "-"),
    "QR": ("#0B6B4F", "v", 4, "--"),
}


def suffix_of(path: str) -> str:
    """Format of a picture file, by its name.

    Raises:
        InputError: The name does not end in a known suffix, or its folder is not there.
    """
    if not Path(path).parent.is_dir():
        raise InputError("--output", path, "must be in a folder that exists")
    suffix = Path(path).suffix[1:].lower()
    if suffix not in SUFFIXES:
        allowed = ", ".join(f".{s}" for s in SUFFIXES)
        raise InputError("--output", path, f"must end in one of: {allowed}")
    return suffix


def picture(found: Study, form: str = "svg") -> bytes:
    """Draw the study.

    Args:
        found: The study.
        form: ``svg``, ``png`` or ``pdf``; the same study gives the same bytes.

    Returns:
        Content of the file.
    """
    file = io.BytesIO()
    stamps = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with rc_context({"svg.hashsalt": "whichmin"}):
        draw(found).savefig(file, format=form, metadata=stamps[form], dpi=130)
    return file.getvalue()


def draw(found: Study) -> Figure:
    """Draw the study.

    Upper part, linear activation, first start: what the neuron ends at, beside the data point that
    is closest to it. Lower part: curves over the batch size, all starts.
    """
    settings = {"font.size": 8, "axes.titlesize": 8, "axes.spines.top": False,
                "axes.spines.right": False}  # fmt: skip
    with rc_context(settings):
        figure = Figure(figsize=(12, 9.4))
        upper = figure.add_gridspec(1, 1, left=0.105, right=0.985, top=0.868, bottom=0.375)[0]
        lower = figure.add_gridspec(1, 1, left=0.045, right=0.985, top=0.285, bottom=0.105)[0]
        _header(figure, found)
        _gallery(figure, upper, found)
        _curves(figure, lower, found)
    return figure


def _header(figure: Figure, found: Study) -> None:
    images = found.images
    figure.text(
        0.015, 0.975, f"What a single neuron picks from {len(images)} real images ({images.name})",
        fontsize=13, weight="bold", va="top",
    )  # fmt: skip
    figure.text(
        0.015, 0.946, "One linear neuron, one start, four ways to handle the images before "
        "training (rows). Each pair: the neuron's weights at the end,\nand the data point closest "
        "to them. Black is positive, red is negative; every picture has its own scale.",
        va="top",
    )  # fmt: skip


def _gallery(figure: Figure, place: SubplotSpec, found: Study) -> None:
    """Rows are handlings; columns an image, the start, and a pair per batch size."""
    sizes = [o.batch_size for o in found.of("raw", "linear")]
    m, last = len(found.images), len(sizes) - 1
    shown = [sizes[i] for i in sorted({last, max(last - 1, 0), last // 2, 0}, reverse=True)]
    widths = [1, 0.25, 1, 0.3] + [1, 1, 0.35] * len(shown)
    grid = place.subgridspec(len(found.prepared), len(widths), width_ratios=widths,
                             wspace=0.06, hspace=0.33)  # fmt: skip
    for row, (handling, these) in enumerate(found.prepared.items()):
        points = these.data.points.numpy()
        first = figure.add_subplot(grid[row, 0])
        _image(first, points[0], found)
        first.set_ylabel(ROWS[handling], rotation=0, ha="right", va="center", labelpad=8)
        start = figure.add_subplot(grid[row, 2])
        _image(start, found.starts[0], found)
        if row == 0:
            first.set_title("data point 0")
            start.set_title("start")
            _heading(figure, (first,), f"one image (a {found.images.labels[0]})")
            _heading(figure, (start,), "weights")
        by_size = {o.batch_size: o for o in found.of(handling, "linear")}
        for column, size in enumerate(shown):
            left = figure.add_subplot(grid[row, 4 + 3 * column])
            right = figure.add_subplot(grid[row, 5 + 3 * column])
            _pair(left, right, by_size[size], points, found)
            if row == 0:
                left.set_title("weights")
                right.set_title("closest point")
                name = "full batch (GD)" if size == m else f"batch size {size}"
                _heading(figure, (left, right), name)


def _heading(figure: Figure, over: tuple[Axes, ...], text: str) -> None:
    boxes = [axes.get_position() for axes in over]
    middle = (boxes[0].x0 + boxes[-1].x1) / 2
    figure.text(middle, boxes[0].y1 + 0.022, text, ha="center", weight="bold", fontsize=9)


def _pair(left: Axes, right: Axes, outcome: Outcome, points: np.ndarray, found: Study) -> None:
    if not len(outcome.cosine):
        left.axis("off")
        right.axis("off")
        left.text(0, 0.5, "dead neuron", transform=left.transAxes)
        return
    closest = int(outcome.closest[0])
    _image(left, outcome.weights, found)
    _image(right, points[closest], found)
    moving = "" if outcome.at_rest else " *"
    left.set_xlabel(f"cos {outcome.last_cosine:.3f}{moving}", labelpad=2)
    right.set_xlabel(f"no. {closest} (a {found.images.labels[closest]})", labelpad=2)


def _image(axes: Axes, pixels: np.ndarray, found: Study) -> None:
    size = float(np.abs(pixels).max())
    axes.imshow(
        pixels.reshape(found.images.shape), cmap="RdGy", vmin=-size, vmax=size,
        interpolation="none",
    )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("0.7")


def _curves(figure: Figure, place: SubplotSpec, found: Study) -> None:
    grid = place.subgridspec(1, 4, wspace=0.16)
    panels = [(what, act) for what in ("cosine", "effective") for act in ("linear", "relu")]
    for column, (what, activation) in enumerate(panels):
        axes = figure.add_subplot(grid[column])
        _panel(axes, found, activation, what)
    figure.text(
        0.015, 0.312, f"All batch sizes, {len(found.starts)} starts", fontsize=9, weight="bold"
    )
    figure.legend(
        *axes.get_legend_handles_labels(), loc="center", ncols=len(STYLES), frameon=False,
        bbox_to_anchor=(0.5, 0.318), fontsize=9,
    )  # fmt: skip
    figure.text(
        0.015, 0.012, f"* not settled within {found.steps:,} steps: the picture shows the last "
        "state.  Curves: means over the starts; bands: lowest to highest start. Runs that did not "
        "settle are averaged over the second half of the steps.\nEffective number of images: "
        "participation ratio (sum of c²)² / (sum of c⁴) of the coefficients c of the weights in "
        "the data points: 1 for a single one, k for k in equal parts.",
        va="bottom", linespacing=1.5,
    )  # fmt: skip


def _panel(axes: Axes, found: Study, activation: str, what: str) -> None:
    sizes = [o.batch_size for o in found.of("raw", activation)]
    m = len(found.images)
    for handling, (colour, marker, area, line) in STYLES.items():
        outcomes = [o for o in found.of(handling, activation) if len(o.cosine)]
        x = [sizes.index(o.batch_size) for o in outcomes]
        values = [o.cosine if what == "cosine" else o.effective for o in outcomes]
        axes.fill_between(
            x, [v.min() for v in values], [v.max() for v in values], color=colour, alpha=0.15,
            linewidth=0,
        )  # fmt: skip
        axes.plot(
            x, [v.mean() for v in values], line, color=colour, marker=marker, markersize=area,
            label=ROWS[handling].split("\n")[0], linewidth=1.3, markerfacecolor="white",
        )  # fmt: skip
    axes.set_xticks(range(len(sizes)), ["full" if b == m else str(b) for b in sizes])
    axes.set_xlim(-0.3, len(sizes) - 0.7)
    axes.set_xlabel("batch size", labelpad=2)
    name = {"linear": "linear", "relu": "ReLU"}[activation]
    if what == "cosine":
        axes.set_title(f"Largest cosine with a data point, {name}", loc="left")
        axes.set_ylim(0, 1.05)
    else:
        axes.set_title(f"Effective number of images, {name}", loc="left")
        axes.set_yscale("log", base=2)
        ticks = [2**k for k in range(int(np.log2(m)) + 1)]
        axes.set_yticks(ticks, [str(t) for t in ticks])
        axes.minorticks_off()
        axes.set_ylim(0.9, 1.15 * m)
