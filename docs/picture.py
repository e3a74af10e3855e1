"""Draws the picture of README.md: one start, two batch sizes, two minima.

Figures of ``whichmin plot`` have thousands of lines, and digits that depend on the version of
Matplotlib. This one is kept in git, so it is drawn here in few lines, with coordinates to a tenth
of a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import whichmin
from whichmin.core.training.result import TrainResult

__all__ = ["picture"]

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 290, 46, 52, 42
PANEL = 290  # width of a panel; labels stand at its right
LAST = 4000  # step at the right edge
HIGH, LOW = 1.05, -0.2
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:15px}"
    ".s{fill:#6b6b6b;font-size:12px}.w{fill:#d55e00;font-weight:600}polyline{fill:none;"
    "stroke:#9a9a9a;stroke-width:1.3}.g{stroke:#0072b2;stroke-width:1.8}"
    ".o{stroke:#d55e00;stroke-width:2.4}line{stroke:#c4c4c4}"
)


def _x(step: float, left: float) -> float:
    """A logarithmic axis that begins at step 0."""
    return left + PANEL * float(np.log10(1 + step) / np.log10(1 + LAST))


def _y(value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (HIGH - value) / (HIGH - LOW)


def _panel(run: TrainResult, left: float, title: str, said: str, kind: str) -> Iterator[str]:
    """Draw the correlations of a run.

    Yields:
        Elements of the picture.
    """
    assert run.trajectory is not None
    yield f'<text class="t" x="{left}" y="22">{title}</text>'
    yield f'<text class="s" x="{left}" y="40">{said}</text>'
    yield f'<line x1="{left}" x2="{left + PANEL}" y1="{_y(0):.1f}" y2="{_y(0):.1f}"/>'
    for step in (0, 10, 100, 1000):
        x = _x(step, left)
        yield f'<text class="s" x="{x:.1f}" y="{HEIGHT - 24}" text-anchor="middle">{step:,}</text>'
    ends = run.trajectory.correlations[-1, 0]
    for i, path in enumerate(run.trajectory.correlations[:, 0].T):
        points = [
            f"{_x(step, left):.1f},{_y(value):.1f}"
            for step, value in zip(run.trajectory.steps, path, strict=True)
        ]
        points.append(f"{left + PANEL:.1f},{points[-1].partition(',')[2]}")
        strong = f' class="{kind}"' if ends[i] > 0.1 else ""
        yield f'<polyline{strong} points="{" ".join(points)}"/>'


def picture() -> str:
    """Draw the picture.

    Returns:
        An SVG.
    """
    data = whichmin.random_frame(m=8, n=32, seed=2)
    start = whichmin.random_start(32, seed=2)[0]
    grid = np.unique(np.rint(np.geomspace(1, LAST, 60) - 1).astype(int))
    gd, sgd = (
        whichmin.train(data, start, batch_size=size, step_size=0.2, seed=2, record_at=grid)
        for size in (None, 1)
    )
    second = LEFT + PANEL + 74
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img">',
        "<title>From one start full-batch gradient descent ends in a mixture of four data points, "
        "and SGD with batch size 1 in a single one</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>',
        *_panel(gd, LEFT, "Full batch", "ends in a mixture of four data points", "g"),
        *_panel(sgd, second, "Batch size 1", "ends in one data point; the loss is the same", "o"),
        f'<text class="w" x="{second + PANEL + 6}" y="{_y(1) + 4:.1f}">'
        f"point {sgd.winner[0]}</text>",
        *(
            f'<text class="s" x="{LEFT - 8}" y="{_y(c) + 4:.1f}" text-anchor="end">{c}</text>'
            for c in (0, 0.5, 1)
        ),
        f'<text class="s" x="{LEFT}" y="{HEIGHT - 6}">step; lines: correlations of the weights '
        "with eight orthonormal data points, from one start</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
