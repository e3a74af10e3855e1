"""The command ``whichmin plot``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from whichmin.cli.data import data_options, max_steps_option, read_data, some_run_options
from whichmin.cli.help import Command, Group
from whichmin.cli.options import refuse_unwritable, seed_option
from whichmin.progress import stages

__all__ = ["plot"]

_F = TypeVar("_F", bound=Callable[..., Any])


def _output(kind: str) -> Callable[[_F], _F]:
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False),
        callback=refuse_unwritable,
        default=f"whichmin-{kind}.svg",
        show_default=True,
        help="File to write (atomically): .svg or .pdf (vector), or .png.",
    )


_START = click.option(
    "--start",
    type=click.Path(),
    help="File with the starting weights, n numbers.  [default: a uniform direction of norm 1/2; "
    "trajectories: a start near both points]",
)
_ACTIVATION = some_run_options("activation")
_BATCH_SIZE = click.option(
    "--batch-size", "-b", type=int, default=1, show_default=True,
    help="Points per batch of SGD, 1 to m.",
)  # fmt: skip


def _step_size(default: float) -> Callable[[_F], _F]:
    return click.option(
        "--step-size", type=float, default=default, show_default=True,
        help="Step size, above 0; theory covers step size / batch size up to 1/5.",
    )  # fmt: skip


def _replicas(default: int, what: str) -> Callable[[_F], _F]:
    return click.option(
        "--replicas", type=int, default=default, show_default=True, help=f"{what}, at least 1."
    )


def _data(options: dict[str, Any], any_rows: bool) -> Any:
    """Data of a figure: None for its own default."""
    names = (
        "file", "key", "dataset", "label", "m", "n", "frame", "orthonormalise", "whiten", "as_is",
    )  # fmt: skip
    given = {name: options.pop(name) for name in names}
    if not any(value not in (None, False) for value in given.values()):
        return None
    place = {"seed": options["seed"], "dtype": "float64", "device": "cpu"}
    return read_data({**given, **place}, any_rows)[0]


def _draw(kind: str, options: dict[str, Any]) -> None:
    """Draw a figure and write it.

    Args:
        kind: Name of the figure.
        options: Values of the command's options.
    """
    from whichmin import plots
    from whichmin.files import load_array
    from whichmin.plots import style

    output = options.pop("output")
    style.check_output(output)
    style.check_axes(None)  # is Matplotlib there?
    if "file" in options:
        options["data"] = _data(options, any_rows=kind == "correlations")
    if "start" in options:
        start = options.pop("start")
        options["w0"] = None if start is None else load_array(start, argument="--start")
    with stages() as say:
        say(f"drawing {kind}")
        axes = getattr(plots, f"plot_{kind.replace('-', '_')}")(**options)
        plots.save(axes, output, f"whichmin plot {kind}")
    click.echo(f"wrote {output}", err=True)


@click.group(cls=Group)
def plot() -> None:
    """Draw one of the figures.

    \b
    Examples:
      whichmin plot correlations --seed 2 -o picture.svg
      whichmin plot selection --help
    """  # noqa: D301 - click wants the control character


@plot.command(cls=Command)
@data_options
@_START
@_ACTIVATION
@_step_size(0.2)
@_replicas(5, "SGD runs")
@max_steps_option
@seed_option
@_output("trajectories")
def trajectories(**options: Any) -> None:
    """Draw GD and SGD in the plane, over loss and minima.

    FILE holds two orthonormal rows of two numbers; by default the standard basis.

    \b
    Examples:
      whichmin plot trajectories --seed 1 --activation linear -o plane.svg
    """  # noqa: D301 - click wants the control character
    _draw("trajectories", options)


@plot.command(cls=Command)
@data_options
@_START
@_ACTIVATION
@_BATCH_SIZE
@_step_size(0.1)
@max_steps_option
@seed_option
@_output("correlations")
def correlations(**options: Any) -> None:
    """Draw the correlations with all data points over the steps.

    GD on the left with its predicted limits, SGD on the right.

    \b
    Examples:
      whichmin plot correlations --m 5 --n 16 --seed 2 -o correlations.pdf
    """  # noqa: D301 - click wants the control character
    _draw("correlations", options)


@plot.command(cls=Command)
@data_options
@_START
@_ACTIVATION
@_BATCH_SIZE
@_step_size(0.1)
@_replicas(30, "SGD runs")
@max_steps_option
@seed_option
@_output("walks")
def walks(**options: Any) -> None:
    """Draw how the winner's lead grows under SGD, not under GD.

    The lead is R = log(|c_winner| / sum of the other |c_i|).

    \b
    Examples:
      whichmin plot walks --replicas 10 --step-size 0.2 -o walks.svg
    """  # noqa: D301 - click wants the control character
    _draw("walks", options)


@plot.command(cls=Command)
@data_options
@click.option(
    "--batch-size", "-b", "batch_sizes", type=int, multiple=True,
    help="Points per batch, 1 to m; repeat for several.  [default: 1 to m, or a dozen of them]",
)  # fmt: skip
@_ACTIVATION
@click.option(
    "--alpha", type=float, default=0.2, show_default=True,
    help="Step size divided by batch size, above 0; theory covers up to 1/5.",
)  # fmt: skip
@_replicas(40, "Starts")
@seed_option
@_output("sparsity")
def sparsity(**options: Any) -> None:
    """Draw the largest cosine at the end against the batch size.

    \b
    Examples:
      whichmin plot sparsity --m 6 --n 12 --replicas 20 -o sparsity.png
    """  # noqa: D301 - click wants the control character
    options["batch_sizes"] = options["batch_sizes"] or None
    _draw("sparsity", options)


@plot.command(cls=Command)
@data_options
@_START
@_ACTIVATION
@_BATCH_SIZE
@_step_size(0.1)
@seed_option
@_output("spectra")
def spectra(**options: Any) -> None:
    """Draw the Hessian's eigenvalues at both minima, three κ.

    Measured at trained minima, with the closed forms as open diamonds. Plain automatic
    differentiation at the last iterate gives none of the three: see whichmin table sharpness.

    \b
    Examples:
      whichmin plot spectra --m 4 --n 6 --step-size 0.2 -o spectra.svg
    """  # noqa: D301 - click wants the control character
    _draw("spectra", options)


@plot.command(cls=Command)
@data_options
@_START
@_ACTIVATION
@click.option(
    "--batch-size", "-b", type=int, default=1, show_default=True,
    help="Points per batch of SGD, 1 to m - 1: a batch of all m is GD.",
)  # fmt: skip
@_step_size(0.2)
@max_steps_option
@seed_option
@_output("noise")
def noise(**options: Any) -> None:
    """Draw gradient noise, signal and scales along GD and SGD.

    The covariance stays at GD's mixture and vanishes at SGD's data point.

    \b
    Examples:
      whichmin plot noise --m 4 --n 6 --seed 4 -o noise.svg
    """  # noqa: D301 - click wants the control character
    _draw("noise", options)


@plot.command(cls=Command)
@click.option(
    "--angle", "angles", type=float, multiple=True,
    help="Angle of the start to data point 0 in degrees, between 0 and 90; repeat for several.  "
    "[default: 5 to 85 in steps of 5]",
)  # fmt: skip
@click.option(
    "--norm", type=float, default=0.5, show_default=True,
    help="Norm of the start, between 0 and 1.",
)  # fmt: skip
@_ACTIVATION
@_step_size(0.1)
@_replicas(400, "Runs per angle")
@seed_option
@_output("selection")
def selection(**options: Any) -> None:
    """Draw which of two points wins against the start's angle.

    \b
    Examples:
      whichmin plot selection --angle 20 --angle 70 --replicas 100 -o law.svg
    """  # noqa: D301 - click wants the control character
    if not options["angles"]:
        del options["angles"]
    _draw("selection", options)


@plot.command("linear-scaling", cls=Command)
@click.option(
    "--step-size", type=float, default=0.1, show_default=True,
    help="Step size for K = 1, from 0.0001 to below 2.",
)  # fmt: skip
@click.option(
    "--batch-size", "-b", type=int, default=1, show_default=True,
    help="Batch size B for K = 1, at least 1: the noise of a step has variance 1/B.",
)  # fmt: skip
@click.option(
    "--factor", "factors", type=int, multiple=True,
    help="Factor K of step size and batch size, at least 1, with K times step size below 2; "
    "repeat for up to four.  [default: 1, 4 and 16]",
)  # fmt: skip
@_replicas(2000, "Runs per mark")
@seed_option
@_output("linear-scaling")
def linear_scaling(**options: Any) -> None:
    """Draw what the linear scaling rule keeps and changes.

    On the noisy quadratic of curvature 1: the mean loss over time, and the stationary variance.

    \b
    Examples:
      whichmin plot linear-scaling --factor 1 --factor 8 -o rule.svg
    """  # noqa: D301 - click wants the control character
    if not options["factors"]:
        del options["factors"]
    _draw("linear-scaling", options)


@plot.command("critical-batch", cls=Command)
@click.option(
    "--target", type=float, default=0.001, show_default=True,
    help="Loss at the end in units of that at the start, from 0.0001 to below 1.",
)  # fmt: skip
@_replicas(4000, "Steps per mark")
@seed_option
@_output("critical-batch")
def critical_batch(**options: Any) -> None:
    """Draw steps and samples to a target against the batch size.

    \b
    Examples:
      whichmin plot critical-batch --target 0.01 -o batch.svg
    """  # noqa: D301 - click wants the control character
    _draw("critical-batch", options)


@plot.command(cls=Command)
@click.option(
    "--m", type=int, default=8, show_default=True, help="Number of data points, at least 1."
)
@click.option("--n", type=int, default=32, show_default=True, help="Dimension, at least m.")
@click.option(
    "--positive", type=int, default=5, show_default=True,
    help="Active points of GD's minimum with ReLU: 1 to m.",
)  # fmt: skip
@click.option(
    "--epsilon", type=float, default=1e-3, show_default=True,
    help="Relative size of the box of Keskar's metric, above 0.",
)  # fmt: skip
@click.option(
    "--radius", type=float, default=0.05, show_default=True,
    help="Distance for SAM sharpness, above 0.",
)  # fmt: skip
@seed_option
@_output("sharpness")
def sharpness(**options: Any) -> None:
    """Draw which minimum is sharper, measure by measure.

    \b
    Examples:
      whichmin plot sharpness --m 4 --n 6 --positive 3 -o ranking.svg
    """  # noqa: D301 - click wants the control character
    _draw("sharpness", options)
