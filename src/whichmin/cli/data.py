"""Data and runs: options that ``train``, ``predict`` and ``plot`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from whichmin.errors import InputError
from whichmin.words import Activation, Sampling

if TYPE_CHECKING:
    from whichmin.core.data import Data

__all__ = ["batch_sizes", "data_options", "read_data", "read_indices", "run_options"]

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("file", required=False, type=click.Path()),
    click.option("--key", help="Name of the array, for a FILE that holds several (.npz, .pt)."),
    click.option(
        "--m", type=int, help="Generated data: number of points, at least 1.  [default: 8]"
    ),
    click.option(
        "--n",
        type=int,
        help="Generated data: dimension, at least m.  [default: 32, or m if that is larger]",
    ),
    click.option(
        "--frame",
        type=click.Choice(["random", "standard"]),
        help="Generated data: random orthonormal frame or standard basis.  [default: random]",
    ),
    click.option(
        "--orthonormalise",
        type=click.Choice(["polar", "qr"]),
        help="Replace the rows of FILE by an orthonormal frame: the nearest (polar), or that of "
        "Gram-Schmidt (qr).",
    ),
    click.option(
        "--as-is", is_flag=True, help="Take rows of FILE that are not orthonormal as they are."
    ),
)


_RUN_OPTIONS = (
    click.option(
        "--start",
        type=click.Path(),
        help="File with the starting weights: n numbers, or one row per run.  [default: uniform "
        "directions of norm 1/2]",
    ),
    click.option(
        "--activation",
        type=click.Choice([a.value for a in Activation]),
        default="relu",
        show_default=True,
        help="Activation of the neuron; linear is the identity.",
    ),
    click.option(
        "--batch-size",
        "-b",
        "batch_sizes",
        multiple=True,
        default=("full", "1"),
        show_default=True,
        help="Points per batch, 1 to m, or 'full'; repeat to compare.",
    ),
    click.option(
        "--step-size",
        type=float,
        default=0.1,
        show_default=True,
        help="Step size, above 0; theory covers step size / batch size up to 1/5.",
    ),
    click.option(
        "--sampling",
        type=click.Choice([s.value for s in Sampling if s is not Sampling.CUSTOM]),
        default="without-replacement",
        show_default=True,
        help="How batches are drawn: independently, from a new permutation per epoch, or in order.",
    ),
    click.option(
        "--batches",
        type=click.Path(),
        help="File with your own batches, in place of drawn ones: one row of indices from 0 per "
        "step.",
    ),
    click.option(
        "--tolerance",
        type=float,
        default=1e-12,
        show_default=True,
        help="Loss gap, and for mini-batches squared off-winner mass, that counts as 0; between 0 "
        "and 0.01.",
    ),
)


def run_options(command: _F) -> _F:
    """Add the options that say how a run goes, to train it or to predict it.

    Returns:
        The decorated command.
    """
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


def batch_sizes(ctx: click.Context, options: dict[str, Any]) -> dict[str, int | None]:
    """Read the batch sizes: labels of the runs with a number, or None for the full batch.

    With ``--batches`` there is one run, and neither size nor sampling may be given.

    Args:
        ctx: Knows which options were typed.
        options: Values of the options above.

    Returns:
        Sizes by label.

    Raises:
        InputError: A size is no size, or given twice or beside ``--batches``.
    """
    if options["batches"] is not None:
        for name, typed in (("batch_sizes", "--batch-size"), ("sampling", "--sampling")):
            if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
                raise InputError(typed, options[name], "cannot be combined with --batches")
        return {"own batches": None}
    sizes: dict[str, int | None] = {}
    for size in options["batch_sizes"]:
        number = int(size) if size.isascii() and size.isdecimal() else None
        if number is None and size != "full":
            raise InputError("--batch-size", size, "must be a positive integer or 'full'")
        label = f"batch size {size if number is None else number}"
        if label in sizes:
            raise InputError("--batch-size", options["batch_sizes"], "must differ from each other")
        sizes[label] = number
    return sizes


def data_options(command: _F) -> _F:
    """Add the argument FILE and the options that say what the data are.

    Returns:
        The decorated command.
    """
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_data(options: dict[str, Any]) -> tuple[Data, list[str]]:
    """Read or generate the data.

    Args:
        options: Values of the options above, and ``seed``, ``dtype`` and ``device``.

    Returns:
        The data and notes that describe them.

    Raises:
        InputError: Options that do not go together, or unusable data.
    """
    from whichmin.core.data import make_data, random_frame, standard_basis
    from whichmin.files import load_array

    file, orthonormalise, as_is = (options[k] for k in ("file", "orthonormalise", "as_is"))
    place = {"dtype": options["dtype"], "device": options["device"]}
    if orthonormalise and as_is:
        raise InputError("--as-is", True, "cannot be combined with --orthonormalise")
    if file is None:
        if options["key"] is not None:
            raise InputError("--key", options["key"], "needs a FILE")
        if orthonormalise or as_is:
            name = "--as-is" if as_is else "--orthonormalise"
            raise InputError(
                name, orthonormalise or as_is, "needs a FILE (generated data is orthonormal)"
            )
        m = 8 if options["m"] is None else options["m"]
        n = max(32, m) if options["n"] is None else options["n"]
        if options["frame"] == "standard":
            return make_data(standard_basis(m, n), **place), [f"data: standard basis, m={m}, n={n}"]
        note = f"data: random orthonormal frame, m={m}, n={n}, seed {options['seed']}"
        frame = random_frame(m, n, options["seed"])
        # Rounded to float32 the frame is orthonormal to float32's precision, as required there.
        return make_data(frame, **place), [note]
    for name in ("m", "n", "frame"):
        if options[name] is not None:
            raise InputError(f"--{name}", options[name], "is for generated data, without a FILE")
    points = load_array(file, options["key"])
    raw = make_data(points, handling="as-is", **place)
    described = f"data: {file}, m={raw.m}, n={raw.n}, deviation from orthonormality "
    described += f"{raw.deviation:.2g}"
    if as_is:
        if not raw.orthonormal:
            described += "; taken as it is, so the closed forms for orthonormal data do not apply"
        return raw, [described]
    if orthonormalise:
        data = make_data(points, handling=orthonormalise, **place)
        described += f", orthonormalised ({orthonormalise}) to {data.deviation:.2g}"
        return data, [described]
    return make_data(points, **place), [described]


def read_indices(file: str) -> Any:
    """Read batches; a file format without integers (CSV) may hold them as floating point.

    Args:
        file: Value of ``--batches``.

    Returns:
        An array.
    """
    import numpy as np

    from whichmin.files import load_array

    content = load_array(file, argument="--batches")
    rows = np.asarray(content.detach().cpu() if hasattr(content, "detach") else content)
    if rows.dtype.kind == "f" and np.array_equal(rows, np.rint(rows)):
        return rows.astype(np.int64)
    return rows
