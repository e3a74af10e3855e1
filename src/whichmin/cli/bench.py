"""The command ``whichmin bench``."""

from __future__ import annotations

import click

from whichmin.bench.contenders import CONTENDERS
from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options, seed_option
from whichmin.progress import progress_bar

__all__ = ["bench"]

_UNITS = 1000


@click.command(cls=Command)
@click.option("--m", type=int, default=8, show_default=True, help="Data points, at least 1.")
@click.option("--n", type=int, help="Dimension, at least m.  [default: 32, or m if larger]")
@click.option(
    "--batch-size", "-b", type=int, default=1, show_default=True, help="Points per batch: 1 to m."
)
@click.option(
    "--step-size", type=float, default=0.05, show_default=True,
    help="Step size, above 0, at most a fifth of the batch size.",
)  # fmt: skip
@click.option(
    "--replicas", type=int,
    help="Replicas of contenders that run several, at least 1.  [default: what suits each]",
)  # fmt: skip
@click.option("--rounds", type=int, default=5, show_default=True, help="Rounds, at least 1.")
@click.option(
    "--seconds", type=float, default=20.0, show_default=True,
    help="About how long everything takes, above 0.",
)  # fmt: skip
@click.option(
    "--contender", "contenders", multiple=True, metavar="NAME",
    type=click.Choice(list(CONTENDERS)),
    help="What to compare with the published loop; may be given several times: "
         f"{', '.join(CONTENDERS)}.  [default: all]",
)  # fmt: skip
@seed_option
@output_options
@click.pass_context
def bench(
    ctx: click.Context,
    m: int,
    n: int | None,
    batch_size: int,
    step_size: float,
    replicas: int | None,
    rounds: int,
    seconds: float,
    contenders: tuple[str, ...],
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Compare the speed of ways to train this model.

    They run side by side, on this machine.

    The published loop, PyTorch's ways, our engines and JAX's, on one core and on all: time per
    replica-step, its ratio to the published loop's in the same round, and the deviation from the
    dense engine on the same batches. Exit code 1 if a contender deviates.

    \b
    Examples:
      whichmin bench --contender reduced --seconds 2
      whichmin bench --m 16 -b 4 --contender dense --seconds 2 -f json -o b.json
    """  # noqa: D301 - click wants the control character
    from whichmin.bench import measure
    from whichmin.bench.report import bench_document
    from whichmin.bench.workload import Workload

    workload = Workload(m, max(32, m) if n is None else n, batch_size, step_size, seed=seed)
    with progress_bar(_UNITS, "bench", lines=True) as update:
        results = measure.bench(
            workload,
            contenders,
            rounds=rounds,
            seconds=seconds,
            replicas=replicas,
            progress=lambda done, total, what: update(_UNITS * done / total, what),
        )
    emit(bench_document(results, workload), form, output)
    wrong = [r for r in results if r.deviates]
    for result in {r.name: r for r in wrong}.values():
        click.echo(
            f"\nFAILED {result.name} deviates from the dense engine by {result.deviation:.1e}; "
            f"rounding explains up to {result.bound:.1e}",
            err=True,
        )
    ctx.exit(1 if wrong else 0)
