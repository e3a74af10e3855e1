"""The command ``whichmin table``."""

from __future__ import annotations

import click

from whichmin.cli.help import Group
from whichmin.cli.options import emit, output_options

__all__ = ["table"]

# None tells an option that is not given from one that would change nothing: see check_sizes.
_SEED = click.option(
    "--seed", type=int,
    help="Seed of every random choice: 0 to 2^64 - 1.  [default: 0]",
)  # fmt: skip


@click.group(cls=Group)
def table() -> None:
    """Write a closed-form table, with measured values beside it.

    \b
    Examples:
      whichmin table sharpness
      whichmin table noise
    """  # noqa: D301 - click wants the control character


@table.command()
@click.option("--m", type=int, help="Number of data points, at least 1.")
@click.option("--n", type=int, help="Dimension, at least m.")
@click.option("--positive", type=int, help="Points that start positive, k = |S+|: 1 to m.")
@click.option(
    "--frame", type=click.Choice(["standard", "random"]),
    help="Data of the measured runs: standard basis, or a random orthonormal frame.  "
    "[default: standard]",
)  # fmt: skip
@click.option(
    "--epsilon", type=float,
    help="Relative size of the box of Keskar's metric, above 0.  [default: 0.001]",
)  # fmt: skip
@click.option(
    "--radius", type=float, help="Distance for SAM sharpness, above 0.  [default: 0.05]"
)  # fmt: skip
@_SEED
@output_options
def sharpness(
    m: int | None,
    n: int | None,
    positive: int | None,
    frame: str | None,
    epsilon: float | None,
    radius: float | None,
    seed: int | None,
    form: str,
    output: str | None,
) -> None:
    """Sharpness of both minima, by every measure.

    Linear and ReLU. Symbolic in m, n and k without numbers; with --m, --n and --positive also
    evaluated, measured on actual GD and SGD runs, and beside them what instruments find that see
    the loss alone. The last column of the table of measures says which minimum
    is sharper. CSV holds the table that compares Hessians. The options on frame, sizes and seed
    need the three numbers.

    \b
    Examples:
      whichmin table sharpness
      whichmin table sharpness --m 8 --n 32 --positive 5
      whichmin table sharpness --m 4 --n 6 --positive 3 --epsilon 0.01
      whichmin table sharpness --format latex --output table.tex
    """  # noqa: D301 - click wants the control character
    from whichmin.tables.sharpness import sharpness_table

    document = sharpness_table(
        m, n, positive, seed=seed, frame=frame, epsilon=epsilon, radius=radius
    )
    emit(document, form, output)


@table.command()
@click.option("--m", type=int, help="Number of data points, at least 1.")
@click.option("--n", type=int, help="Dimension, at least m.")
@click.option("--positive", type=int, help="Points that start positive: 1 to m.")
@click.option(
    "--batch-size", "-b", type=int,
    help="Points per batch of SGD, and of noise over signal: 1 to m.  [default: 1]",
)  # fmt: skip
@click.option(
    "--frame", type=click.Choice(["standard", "random"]),
    help="Data of the measured runs: standard basis, or a random orthonormal frame.  "
    "[default: standard]",
)  # fmt: skip
@_SEED
@output_options
def noise(
    m: int | None,
    n: int | None,
    positive: int | None,
    batch_size: int | None,
    frame: str | None,
    seed: int | None,
    form: str,
    output: str | None,
) -> None:
    """Gradient noise, noise scales, sampling factors.

    Symbolic without numbers; with --m, --n and --positive also evaluated, measured on actual GD
    and SGD runs, and followed along them. CSV holds the table that compares. The options on
    batches, frame and seed need the three numbers.

    \b
    Examples:
      whichmin table noise
      whichmin table noise --m 4 --n 6 --positive 3
      whichmin table noise --format latex --output noise.tex
    """  # noqa: D301 - click wants the control character
    from whichmin.tables.noise import noise_table

    emit(noise_table(m, n, positive, batch_size=batch_size, seed=seed, frame=frame), form, output)
