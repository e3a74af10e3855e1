"""Draw the gradient noise along GD and SGD: its covariance, the signal, and the noise scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.noise.covariance import NoiseAlong, noise_along
from whichmin.core.training.result import TrainResult
from whichmin.errors import InputError
from whichmin.plots import runs, style
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_noise"]

# Correlations and parts off the span that are no rounding, and none that a run leaves behind.
_ACTIVE = 1e-6
GD_LIMIT, SGD_LIMIT = "GD: limit of |B noise|", "SGD: limit of B noise"
# Where |G|^2 is below this, rounding is in its leading digits and the scales are not shown.
_SMALLEST = 1e-24
_LIMIT: dict[str, Any] = {"marker": "D", "ls": "", "mfc": "none", "mec": "black", "ms": 8}


def plot_noise(
    data: Any = None,
    *,
    w0: Any = None,
    activation: Any = Activation.RELU,
    batch_size: int = 1,
    step_size: float = 0.2,
    max_steps: int | None = None,
    seed: int = 0,
    ax: Any = None,
) -> NDArray[np.object_]:
    """Draw noise and signal along a GD and an SGD run from one start.

    Left: ``tr Sigma`` (covariance of the m gradients, divided by m), which goes to ``(1 - Q)/m``
    under GD and to 0 under SGD, and ``|G|^2``. Right: ``B_simple`` and the size of ``B_noise``,
    open markers where it is negative, with its limits where a closed form holds
    (``noise.gd_curved``, ``noise.sgd_curved``), and m - 1, where ``B_simple`` starts for small
    weights.

    Args:
        data: Orthonormal rows, shape ``(m, n)``; by default a random frame, m = 8, n = 32.
        w0: Start, shape ``(n,)``; by default a uniform direction of norm 1/2.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch of SGD, below m.
        step_size: Step size.
        max_steps: Step limit; by default what the theory's rates ask for.
        seed: Seed of data, start and batches.
        ax: Array of two Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(2,)``.

    Raises:
        InputError: An argument is not allowed, or fewer than two points take part.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 2)
    valid = runs.check_data(data, seed)
    act = parse(Activation, activation, "activation")
    start = runs.active_start(w0, valid, seed, act)
    size = runs.check_batch(batch_size, valid)
    if size == valid.m:
        raise InputError("batch_size", batch_size, f"must be below m = {valid.m}: that is GD")
    settings: dict[str, Any] = {
        "activation": act, "step_size": step_size, "max_steps": max_steps, "seed": seed,
        "record_at": runs.log_steps(12).tolist(),
    }  # fmt: skip
    gd = runs.gradient_descent(valid, start, **settings)
    sgd = runs.mini_batches(valid, start, 1, batch_size=size, **settings)
    runs.check_status({"GD": gd, "SGD": sgd}, set(Status) - {Status.DIVERGED})
    title = "Gradient noise stays at GD's mixture and vanishes at SGD's data point"
    with style.drawing(ax, (8.6, 4.2), 2, title) as axes:
        left, right = axes
        for name, result in (("GD", gd), ("SGD", sgd)):
            along = noise_along(result)
            _energies(left, name, result, along)
            _scales(right, name, result, along)
        _dress(left, right, valid.m)
        style.footnote(
            axes,
            ax,
            runs.settings_text(valid, act, SGD_with_batch_size=size, step_size=step_size, seed=seed)
            + "; open markers: negative values, drawn by size"
            + runs.unfinished(gd, sgd),
        )
    return axes


def _look(name: str) -> dict[str, Any]:
    return {"color": style.GD, "ls": "-"} if name == "GD" else {"color": style.SGD, "ls": "--"}


def _energies(ax: Axes, name: str, result: TrainResult, along: NoiseAlong) -> None:
    """Draw the covariance's trace and the squared gradient, and where the trace goes."""
    steps, look = along.steps + 1, _look(name)
    ax.plot(steps, along.trace[:, 0], label=f"{name}: tr Σ", lw=2, **look)
    ax.plot(steps, along.gradient_energy[:, 0], label=f"{name}: |G|²", lw=1, **look)
    if name == "GD" and result.converged:
        c = result.correlations[0].double().cpu().numpy()
        code = c if result.recipe.activation is Activation.LINEAR else np.maximum(c, 0)
        level = closed_form("noise.trace_on_manifold")(Q=float((code**4).sum()), m=len(c))
        ax.plot(int(steps[-1]), level, label="(1 − Σc⁴)/m", **_LIMIT)


def _scales(ax: Axes, name: str, result: TrainResult, along: NoiseAlong) -> None:
    """Draw both noise scales as far as rounding allows, and the limits of B_noise that are known.

    SGD's at b = 1; GD's from a start with a part outside the span, several points active.
    """
    held = along.gradient_energy[:, 0] > _SMALLEST
    steps, look = along.steps[held] + 1, _look(name)
    simple, curved = along.simple[held, 0], along.curved[held, 0]
    ax.plot(steps, simple, label=f"{name}: B simple", lw=2, **look)
    ax.plot(steps, np.abs(curved), label=f"{name}: |B noise|", lw=1, **look)
    negative = curved < 0
    ax.plot(
        steps[negative], np.abs(curved[negative]), "o", ms=4, mfc="white", mec=look["color"],
        label=f"{name}: B noise < 0",
    )  # fmt: skip
    if name == "GD" and result.converged:
        _limit_of_gd(ax, int(steps[-1]), result)
    if name == "SGD" and result.recipe.batch_size == 1 and result.converged:
        value = closed_form("noise.sgd_curved")(m=result.data.m, eta=result.recipe.step_size)
        ax.plot(int(steps[-1]), value, label=SGD_LIMIT, **_LIMIT)


def _limit_of_gd(ax: Axes, step: int, result: TrainResult) -> None:
    c = result.correlations[0].double().cpu().numpy()
    eta, m = float(result.recipe.step_size), len(c)
    code = c if result.recipe.activation is Activation.LINEAR else np.maximum(c, 0)
    several = int((np.abs(code) > _ACTIVE).sum()) > 1
    start, points = result.start[0].double().cpu(), result.data.points.double().cpu()
    off_span = float((start - (points @ start) @ points).norm())
    if not several or off_span <= _ACTIVE or eta > m / 5:
        return
    value = closed_form("noise.gd_curved")(Q=float((code**4).sum()), eta=eta, m=m)
    ax.plot(step, abs(value), label=GD_LIMIT, **_LIMIT)


def _dress(left: Axes, right: Axes, m: int) -> None:
    right.axhline(m - 1, color=style.QUIET, lw=0.9, ls=":", zorder=0, label="m − 1")
    _legend(left, {"noise tr Σ": 2, "signal |G|²": 1}, "lower left")
    _legend(right, {"tr Σ / |G|², B simple": 2, "size of B noise": 1}, "upper left")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("step + 1")
    left.set_ylim(max(left.get_ylim()[0], 1e-14), None)
    left.set_ylabel("noise tr Σ and signal |G|²")
    left.set_title("covariance and gradient")
    right.set_ylabel("noise scale, in data points")
    right.set_title("noise scales")


def _legend(ax: Axes, widths: dict[str, float], place: str) -> None:
    """Name colours and widths once each, and the other marks that are there.

    Args:
        ax: The axes.
        widths: Width of the lines of each quantity.
        place: Where.
    """
    from matplotlib.lines import Line2D

    labels = {str(line.get_label()) for line in ax.get_lines()}
    marks = [
        *(Line2D([], [], lw=2, label=name, **_look(name)) for name in ("GD", "SGD")),
        *(Line2D([], [], color=style.QUIET, lw=w, label=name) for name, w in widths.items()),
    ]
    if any("< 0" in label for label in labels):
        marks.append(Line2D([], [], marker="o", ls="", mfc="white", mec=style.QUIET, ms=4,
                            label="where it is negative"))  # fmt: skip
    if labels & {"(1 − Σc⁴)/m", GD_LIMIT, SGD_LIMIT}:
        marks.append(Line2D([], [], label="limit, closed form", **_LIMIT))
    if "m − 1" in labels:
        marks.append(Line2D([], [], color=style.QUIET, lw=0.9, ls=":", label="m − 1"))
    ax.legend(handles=marks, loc=place, frameon=False, fontsize=8)
