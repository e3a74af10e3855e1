"""``whichmin table``."""

from __future__ import annotations

import click

from whichmin.cli.help import Group
from whichmin.cli.options import emit, output_options, seed_option

__all__ = ["table"]


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
    "--frame", type=click.Choice(["standard", "random"]), default="standard", show_default=True,
    help="Data of the measured runs: standard basis, or a random orthonormal frame.",
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
@output_options
def sharpness(
    m: int | None,
    n: int | None,
    positive: int | None,
    frame: str,
    epsilon: float,
    radius: float,
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Sharpness of both minima, by every measure.

    Linear and ReLU. Symbolic in m, n and k without numbers; with --m, --n and --positive also
    evaluated, measured on actual GD and SGD runs, and beside them what instruments find that see
    the loss alone. The last column of the table of measures says which minimum
    is sharper. CSV holds the table that compares Hessians.

    \b
    Examples:
      whichmin table sharpness
      whichmin table sharpness --m 8 --n 32 --positive 5
      whichmin table sharpness --m 4 --n 6 --positive 3 --epsilon 0.01
      whichmin table sharpness --format latex --output table.tex
    """  # noqa: D301 - click wants the control character
    from whichmin.verification.sharpness_table import sharpness_table

    document = sharpness_table(
        m, n, positive, seed=seed, frame=frame, epsilon=epsilon, radius=radius
    )
    emit(document, form, output)


@table.command()
@click.option("--m", type=int, help="Number of data points, at least 1.")
@click.option("--n", type=int, help="Dimension, at least m.")
@click.option("--positive", type=int, help="Points that start positive: 1 to m.")
@click.option(
    "--batch-size", "-b", type=int, default=1, show_default=True,
    help="Points per batch of SGD, and of noise over signal: 1 to m.",
)  # fmt: skip
@click.option(
    "--frame", type=click.Choice(["standard", "random"]), default="standard", show_default=True,
    help="Data of the measured runs: standard basis, or a random orthonormal frame.",
)  # fmt: skip
@seed_option
@output_options
def noise(
    m: int | None,
    n: int | None,
    positive: int | None,
    batch_size: int,
    frame: str,
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Gradient noise, noise scales, sampling factors.

    Symbolic without numbers; with --m, --n and --positive also evaluated, measured on actual GD
    and SGD runs, and followed along them. CSV holds the table that compares.

    \b
    Examples:
      whichmin table noise
      whichmin table noise --m 4 --n 6 --positive 3
      whichmin table noise --format latex --output noise.tex
    """  # noqa: D301 - click wants the control character
    from whichmin.verification.noise_table import noise_table

    emit(noise_table(m, n, positive, batch_size=batch_size, seed=seed, frame=frame), form, output)
