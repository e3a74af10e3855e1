"""Options on data and runs that ``train``, ``ensemble``, ``predict`` and ``plot`` share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from whichmin.errors import InputError, Verbatim
from whichmin.progress import stages
from whichmin.reporting import ROUNDING_TEXT
from whichmin.words import Activation, EngineName, Sampling

if TYPE_CHECKING:
    from whichmin.core.data import Data

__all__ = [
    "batch_sizes",
    "data_options",
    "device_options",
    "max_steps_option",
    "read_data",
    "read_indices",
    "run_options",
    "some_run_options",
]

# Images listed by their place in the original set; more would hide the other notes.
_LISTED = 16

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("file", required=False, type=click.Path()),
    click.option("--key", help="Name of the array, for a FILE that holds several (.npz, .pt)."),
    click.option(
        "--dataset",
        type=click.Choice(["digits", "mnist"]),
        help="Real images instead of FILE: --m of them, chosen by --seed.",
    ),
    click.option("--label", type=int, help="Only images of this class, 0 to 9 (with --dataset)."),
    click.option(
        "--m",
        type=int,
        help="Generated data or --dataset: number of points, at least 1.  [default: 8]",
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
    click.option(
        "--whiten", is_flag=True, help="Centre and whiten the rows of FILE: not orthonormal."
    ),
)


_RUN_OPTIONS = {
    "start": click.option(
        "--start",
        type=click.Path(),
        help="File with the starting weights: n numbers, or one row per run.  [default: uniform "
        "directions of norm 1/2]",
    ),
    "activation": click.option(
        "--activation",
        type=click.Choice([a.value for a in Activation]),
        default="relu",
        show_default=True,
        help="Activation of the neuron; linear is the identity.",
    ),
    "batch_sizes": click.option(
        "--batch-size",
        "-b",
        "batch_sizes",
        multiple=True,
        default=("full", "1"),
        show_default=True,
        help="Points per batch, 1 to m, or 'full'; repeat to compare.",
    ),
    "step_size": click.option(
        "--step-size",
        type=float,
        default=0.1,
        show_default=True,
        help="Step size, above 0; theory covers step size / batch size up to 1/5.",
    ),
    "sampling": click.option(
        "--sampling",
        type=click.Choice([s.value for s in Sampling if s is not Sampling.CUSTOM]),
        default="without-replacement",
        show_default=True,
        help="How batches are drawn: independently, from a new permutation per epoch, or in order.",
    ),
    "batches": click.option(
        "--batches",
        type=click.Path(),
        help="File with your own batches, in place of drawn ones: one row of indices from 0 per "
        "step.",
    ),
    "tolerance": click.option(
        "--tolerance",
        type=float,
        default=1e-12,
        show_default=True,
        help="Loss gap, and for mini-batches squared off-winner mass, that counts as 0; between 0 "
        "and 0.01.",
    ),
}


def some_run_options(*names: str) -> Callable[[_F], _F]:
    """Add some of the options that say how a run goes.

    Args:
        names: Names of the parameters.

    Returns:
        A decorator.
    """

    def add(command: _F) -> _F:
        for name in reversed(names):
            command = _RUN_OPTIONS[name](command)
        return command

    return add


def run_options(command: _F) -> _F:
    """Add the options that say how a run goes, to train it or to predict it.

    Returns:
        The decorated command.
    """
    return some_run_options(*_RUN_OPTIONS)(command)


max_steps_option = click.option(
    "--max-steps", type=int, help="Step limit, at least 0.  [default: from the theory's rates]"
)


def device_options(command: _F) -> _F:
    """Add the options that say how and where a step is computed.

    Returns:
        The decorated command.
    """
    for option in reversed(_DEVICE_OPTIONS):
        command = option(command)
    return command


_DEVICE_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice([e.value for e in EngineName]),
        default="auto",
        show_default=True,
        help="Implementation of a step; auto picks compiled or reduced.",
    ),
    click.option(
        "--dtype",
        type=click.Choice(["float64", "float32"]),
        default="float64",
        show_default=True,
        help="Floating-point type of data and weights.",
    ),
    click.option(
        "--device",
        default="cpu",
        show_default=True,
        help="Where to compute: cpu, cuda or cuda:INDEX.",
    ),
)


def batch_sizes(ctx: click.Context | None, options: dict[str, Any]) -> dict[str, int | None]:
    """Read the batch sizes: labels of the runs with a number, or None for the full batch.

    With ``--batches`` there is one run, and neither size nor sampling may be given.

    Args:
        ctx: Knows which options were typed, for a command with ``--batches``.
        options: Values of the options above.

    Returns:
        Sizes by label.

    Raises:
        InputError: A size is no size, or given twice or beside ``--batches``.
    """
    if ctx is not None and options["batches"] is not None:
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


def read_data(options: dict[str, Any], any_rows: bool = True) -> tuple[Data, list[str]]:
    """Read or generate the data.

    Args:
        options: Values of the options above, and ``seed``, ``dtype`` and ``device``.
        any_rows: Whether the command can do with rows that are not orthonormal.

    Returns:
        The data and notes that describe them.

    Raises:
        InputError: Options that do not go together, or unusable data.
    """
    _refuse_combinations(options)
    file = options["file"]
    # What is wrong with a file its reader says.
    size = os.stat(file).st_size if file is not None and os.path.isfile(file) else 0
    with stages(size) as say:
        return _read(options, any_rows, say)


def _read(
    options: dict[str, Any], any_rows: bool, say: Callable[[str], None]
) -> tuple[Data, list[str]]:
    from whichmin.core.data import make_data
    from whichmin.files import read_array

    place = {"dtype": options["dtype"], "device": options["device"]}
    dataset, file = options["dataset"], options["file"]
    more: list[str] = []
    if dataset is not None:
        points, described, more = _images(options)
    elif file is not None:
        say(f"reading {file}")
        points, layout = read_array(file, options["key"])
        described = file + (f" ({layout})" if layout else "")
    else:
        points, described = _generated(options)
        # Rounded to float32 the frame is orthonormal to float32's precision, as required there.
        return make_data(points, **place), [f"data: {described}"]
    source = ("FILE", described) if dataset is None else ("--dataset", dataset)
    say("looking whether the rows are orthonormal")
    raw = make_data(points, handling="as-is", **place)
    shown = f"deviation from orthonormality {raw.deviation:.2g}"
    described = f"data: {described}, m={raw.m}, n={raw.n}, "
    described += f"orthonormal to {ROUNDING_TEXT}" if raw.orthonormal else shown
    if options["as_is"]:
        data, done = raw, "taken as it is"
    elif options["whiten"]:
        say("whitening the rows")
        data, done = make_data(points, handling="whiten", **place), "centred and whitened"
    elif options["orthonormalise"]:
        say("orthonormalising the rows")
        data = make_data(points, handling=options["orthonormalise"], **place)
        described += f", orthonormalised ({options['orthonormalise']}) to {ROUNDING_TEXT}"
    elif raw.orthonormal:
        data = raw
    else:
        found = f"{source[1]}, m={raw.m}, n={raw.n}, {shown}"
        raise InputError(source[0], Verbatim(found), _ways_out(raw, any_rows))
    if not data.orthonormal:
        described += f"; {done}, so the closed forms for orthonormal data do not apply"
    return data, [described, *more]


def _ways_out(raw: Data, any_rows: bool) -> str:
    """What to add to the command line for rows that are not orthonormal."""
    import torch

    from whichmin.core.data import rounding_of_orthonormality

    ways = []
    if raw.m <= raw.n:
        ways.append("--orthonormalise polar (the nearest orthonormal rows)")
    if any_rows:
        ways += ["--as-is (your rows; bring them to length 1 first)", "--whiten"]
    single = raw.deviation <= rounding_of_orthonormality(raw.n, torch.float32)
    if single and any("--dtype" in p.opts for p in click.get_current_context().command.params):
        ways.append("--dtype float32 (to its precision they are)")
    why = "" if raw.m <= raw.n else ", and more points than dimensions cannot be"
    if not ways:
        return f"the rows must be orthonormal here{why}"
    *most, last = ways
    return f"the rows must be orthonormal{why}; add {', '.join(most)}{' or ' * bool(most)}{last}"


def _refuse_combinations(options: dict[str, Any]) -> None:
    handlings = {
        f"--{name.replace('_', '-')}": options[name]
        for name in ("as_is", "whiten", "orthonormalise")
        if options[name]
    }
    first, *others = handlings or [""]
    if others:
        raise InputError(first, handlings[first], f"cannot be combined with {others[0]}")
    dataset, file = options["dataset"], options["file"]
    if dataset is not None and file is not None:
        raise InputError("--dataset", dataset, f"cannot be combined with a FILE ({file})")
    if dataset is None and options["label"] is not None:
        raise InputError("--label", options["label"], "needs --dataset")
    if file is None and options["key"] is not None:
        raise InputError("--key", options["key"], "needs a FILE")
    if dataset is None and file is None:
        if first:
            allowed = "needs a FILE or --dataset (generated data is orthonormal)"
            raise InputError(first, handlings[first], allowed)
        return
    without = "a FILE" if dataset is None else "--dataset"
    for name in ("m", "n", "frame") if dataset is None else ("n", "frame"):
        if options[name] is not None:
            raise InputError(
                f"--{name}", options[name], f"is for generated data, without {without}"
            )


def _generated(options: dict[str, Any]) -> tuple[Any, str]:
    from whichmin.core.frames import random_frame, standard_basis

    m = 8 if options["m"] is None else options["m"]
    n = max(32, m) if options["n"] is None else options["n"]
    if options["frame"] == "standard":
        return standard_basis(m, n), f"standard basis, m={m}, n={n}"
    seed = options["seed"]
    return random_frame(m, n, seed), f"random orthonormal frame, m={m}, n={n}, seed {seed}"


def _images(options: dict[str, Any]) -> tuple[Any, str, list[str]]:
    from whichmin.datasets import load_images

    m, label, seed = options["m"], options["label"], options["seed"]
    images = load_images(options["dataset"], 8 if m is None else m, seed, label)
    which = "" if label is None else f" with label {label}"
    listed = [f"{i} ({k})" for i, k in zip(images.indices, images.labels, strict=True)]
    shown = ", ".join(listed[:_LISTED]) + (", ..." if len(listed) > _LISTED else "")
    notes = [
        f"images: data points 0, 1, ... are numbers (labels) {shown} of the set",
        f"source: {images.source}",
    ]
    return images.points, f"{images.name}{which} ({images.description}), seed {seed}", notes


def read_indices(file: str) -> Any:
    """Read the indices of batches; a file without integers (CSV) may hold them as floating point.

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
