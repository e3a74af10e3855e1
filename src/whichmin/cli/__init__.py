"""The command line ``whichmin``, which joins the commands of this package.

Exit codes of every command: 0 what was asked for holds, 1 a check failed or a run found no global
minimum, 2 wrong use or bad input (3 is an internal error, 130 an interrupt).
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from whichmin.cli.bench import bench
from whichmin.cli.claims import claims
from whichmin.cli.completion import completion
from whichmin.cli.doctor import doctor
from whichmin.cli.ensemble import ensemble
from whichmin.cli.help import Group
from whichmin.cli.mutants import mutants
from whichmin.cli.plot import plot
from whichmin.cli.predict import predict
from whichmin.cli.prove import prove
from whichmin.cli.table import table
from whichmin.cli.train import train
from whichmin.cli.verify import verify
from whichmin.errors import WhichminError
from whichmin.files import SUFFIXES

__all__ = ["cli", "main", "run"]

EPILOG = (
    "Exit codes: 0 what was asked for holds; 1 a check failed or a run found no global minimum; "
    "2 wrong use or bad input."
)


def _show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    del parameter
    if not value or ctx.resilient_parsing:
        return
    from whichmin.provenance import commit, version

    click.echo(f"whichmin, version {version()}, commit {commit() or 'unknown'}")
    ctx.exit()


class _ReaderLeft(Exception):
    """The reader of a pipe has left."""


@contextmanager
def _reader() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderLeft from error


class _Root(Group):
    """Keeps click from turning the end of a pipe's reader into exit code 1."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        with _reader():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0]
        if self.get_command(ctx, first) is None and first.lower().endswith(SUFFIXES):
            typed = shlex.join(args)
            told = f"{first!r} is a file; say what to do with it: whichmin predict {typed}"
            raise click.UsageError(told, ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Root, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
    help="Show the version and the commit, and exit.",
)  # fmt: skip
def cli() -> None:
    """Which minimum does SGD find? An exactly solvable model as a correctness oracle.

    \b
    Examples:
      whichmin train --seed 2 --step-size 0.2
      whichmin train --help
    """  # noqa: D301 - click wants the control character


for _command in (
    predict, train, ensemble, plot, verify, prove, mutants, claims, table, bench, doctor,
    completion,
):  # fmt: skip
    cli.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; those of the process by default.

    Returns:
        The exit code.
    """
    try:
        code = cli.main(args=arguments, prog_name="whichmin", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except WhichminError as error:
        click.echo(f"whichmin: error: {error}", err=True)
        return 2
    except _ReaderLeft:
        # Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ImportError as error:
        if (error.name or "whichmin").partition(".")[0] == "whichmin":
            return _internal_error()
        click.echo(f"whichmin: error: {error}; 'whichmin doctor' says what is missing", err=True)
        return 2
    except UnicodeEncodeError as error:
        wrong = ascii(error.object[error.start : error.end])
        click.echo(
            f"whichmin: error: {wrong} cannot be written in {error.encoding}; set "
            "PYTHONIOENCODING=utf-8",
            err=True,
        )
        return 2
    except OSError as error:
        click.echo(f"whichmin: error: {error.strerror or error}", err=True)
        return 2
    except MemoryError as error:
        click.echo(f"whichmin: error: not enough memory ({error})", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt) as error:
        stop = error.__cause__ or error  # click wraps what it catches
        path = getattr(stop, "path", None)  # of a checkpoint
        how = (
            "" if path is None else f"; continue with: whichmin train --resume {shlex.quote(path)}"
        )
        click.echo(f"whichmin: interrupted{how}", err=True)
        return getattr(stop, "exit_code", 130)
    except Exception:
        return _internal_error()
    return int(code or 0)


def _internal_error() -> int:
    """A fault of ours: neither a failed check (1) nor wrong use (2)."""
    click.echo(traceback.format_exc(), err=True)
    click.echo("whichmin: internal error; please report it with the lines above", err=True)
    return 3


def main() -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run())
