"""Every option of every ``whichmin plot`` command, in a process of its own: the figure changes.

The commands share most options, so there are a hundred cases and every figure takes a fifth of a
second: one process draws them all, as starting Python for each would take minutes. (The examples
in the help texts are each run as a process of their own, see test_help.py.) A case is a pair of
argument lines that differ by one option; the outcomes, exit code and figure, must differ too.
To cover a new option, add it to a command's cases; a meta-test names what is not covered.
"""

import json
import shlex
import subprocess
import sys

import click
import numpy as np
import pytest

from whichmin.cli import cli
from whichmin.cli.help import every_command

SMALL = "--m 3 --n 4"
RAW, TWO = "raw.npz --key rows", "raw.npz --key two"
POLAR, QR = "--orthonormalise polar", "--orthonormalise qr"
KINKED = f"{SMALL} --frame standard --activation relu"
DIGITS = f"--dataset digits --m 3 {POLAR}"

# option: (arguments before, arguments after)
DATA = {
    "--m": (SMALL, "--m 4 --n 4"),
    "--n": (SMALL, "--m 3 --n 5"),
    "--frame": (SMALL, f"{SMALL} --frame standard"),
    "--key": (f"{RAW} {POLAR}", f"raw.npz --key other {POLAR}"),
    "--orthonormalise": (f"{RAW} {POLAR}", f"{RAW} {QR}"),
    "--dataset": ("--m 3 --n 64", DIGITS),
    "--label": (DIGITS, f"{DIGITS} --label 3"),
    "--as-is": (RAW, f"{RAW} --as-is"),
    "--whiten": (f"{RAW} {POLAR}", f"{RAW} --whiten"),
    "--output": (f"{SMALL} -o figure.svg", f"{SMALL} -o figure.pdf"),
}
# Needs orthonormal rows of two numbers: the other data are refused, each for its own reason.
PLANE = {
    **{option: ("", after) for option, (_, after) in DATA.items()},
    "--m": ("--m 2 --n 2", "--m 3 --n 3"),
    "--n": ("--m 2 --n 2", "--m 2 --n 3"),
    "--frame": ("--m 2 --n 2", "--m 2 --n 2 --frame standard"),
    "--key": (f"{TWO} {POLAR}", f"raw.npz --key alone {POLAR}"),
    "--orthonormalise": (f"{TWO} {POLAR}", f"{TWO} {QR}"),
    "--as-is": (TWO, f"{TWO} --as-is"),
    "--whiten": (f"{TWO} {POLAR}", f"{TWO} --whiten"),
    "--label": ("--dataset digits --m 2", "--dataset digits --m 2 --label 11"),
    "--output": ("-o figure.svg", "-o figure.pdf"),
}


def settings(before=SMALL, **options):
    """Cases of options that are added to the same arguments."""
    return {
        f"--{name.replace('_', '-')}": (before, f"{before} --{name.replace('_', '-')} {value}")
        for name, value in options.items()
    }


# command: (what it always gets, cases)
CASES = {
    "trajectories": (
        "--max-steps 20 --replicas 1 --start start2.csv",
        {
            **PLANE,
            **settings("", seed=1, activation="linear", step_size=0.1, replicas=2, max_steps=10),
            "--start": ("", "--start other2.csv"),
        },
    ),
    "correlations": (
        "--max-steps 40",
        {
            **DATA,
            **settings(seed=1, activation="linear", step_size=0.2, max_steps=20,
                       start="start4.csv", batch_size=2),
        },
    ),
    "walks": (
        "--max-steps 40 --replicas 1 --activation linear",
        {
            **DATA,
            **settings(seed=1, activation="relu", step_size=0.2, max_steps=20, start="start4.csv",
                       replicas=2, batch_size=2),
        },
    ),
    "sparsity": (
        "--replicas 2 --alpha 0.2",
        {
            **{o: (f"-b 1 -b 3 {a}", f"-b 1 -b 3 {b}") for o, (a, b) in DATA.items()},
            **settings(f"-b 1 -b 3 {SMALL}", seed=1, activation="linear", alpha=0.1, replicas=3),
            "--batch-size": (f"{SMALL} -b 1", f"{SMALL} -b 3"),
        },
    ),
    "spectra": (
        "--activation linear",
        {
            **DATA,
            **settings(seed=1, activation="relu --seed 2", step_size=0.2, batch_size=2),
            # At a minimum of k active points the spectrum depends on m, n and k alone, so that
            # other data of the same shape are seen only in what is accepted.
            "--key": (f"raw.npz {POLAR}", f"{RAW} {POLAR}"),
            "--orthonormalise": (RAW, f"{RAW} {POLAR}"),
            "--dataset": (SMALL, DIGITS),
            "--label": (DIGITS, f"{DIGITS} --label 11"),
            "--start": (f"{KINKED} --start start4.csv", f"{KINKED} --start mixed4.csv"),
        },
    ),
    "noise": (
        "--max-steps 40 --activation linear",
        {
            **DATA,
            **settings(seed=1, activation="relu --seed 1", step_size=0.1, max_steps=20,
                       start="start4.csv", batch_size=2),
        },
    ),
    "selection": (
        "--replicas 40",
        {
            **settings("--angle 30", seed=1, activation="linear", step_size=0.2, replicas=41,
                       norm=0.05),
            "--angle": ("--angle 30", "--angle 40"),
            "--output": ("--angle 30 -o figure.svg", "--angle 30 -o figure.pdf"),
        },
    ),
    "linear-scaling": (
        "--replicas 20",
        {
            **settings("--factor 2", seed=1, step_size=0.2, replicas=21, batch_size=2),
            "--factor": ("--factor 2", "--factor 3"),
            "--output": ("--factor 2 -o figure.svg", "--factor 2 -o figure.pdf"),
        },
    ),
    "critical-batch": (
        "--replicas 20",
        {
            **settings("--target 0.1", seed=1, replicas=21),
            "--target": ("--target 0.1", "--target 0.2"),
            "--output": ("--target 0.1 -o figure.svg", "--target 0.1 -o figure.pdf"),
        },
    ),
    "sharpness": (
        "--m 4 --n 6 --positive 2",
        {
            **settings("", m=5, n=7, positive=3, epsilon=0.1, radius=0.2, seed=1),
            "--output": ("-o figure.svg", "-o figure.pdf"),
        },
    ),
}  # fmt: skip
NAMED = [f"{command} {option}" for command, (_, cases) in CASES.items() for option in cases]

# Reads lists of arguments, one a line; answers with exit code and standard error.
DRIVER = """
import contextlib, io, json, sys
from whichmin.cli import run
answers = sys.stdout
for line in sys.stdin:
    with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(err):
        code = run(json.loads(line))
    print(json.dumps([code, err.getvalue()]), file=answers, flush=True)
"""


def inputs(folder):
    rows = np.array([[1.0, 0.2, 0.0, 0.1], [0.3, 1.1, 0.1, 0.0], [0.0, 0.4, 0.9, 0.2]])
    np.savez(
        folder / "raw.npz",
        rows=rows,
        other=rows[::-1] + 0.3 * np.eye(3, 4),
        two=np.array([[1.0, 0.3], [0.1, 1.1]]),
        alone=np.array([[1.0, 0.5], [0.2, -1.1]]),
    )
    np.savetxt(folder / "start2.csv", [[0.3, 0.2]], delimiter=",")
    np.savetxt(folder / "other2.csv", [[0.2, 0.3]], delimiter=",")
    np.savetxt(folder / "mixed4.csv", [[0.3, 0.2, -0.25, 0.1]], delimiter=",")
    np.savetxt(folder / "start4.csv", [[0.3, 0.2, 0.25, 0.1]], delimiter=",")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Give the outcome of a line of arguments: exit code, message, and the file."""
    folder = tmp_path_factory.mktemp("figures")
    inputs(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    known = {}

    def get(line, fresh=False):
        if line not in known or fresh:
            for old in folder.glob("*.[sp][vd][gf]"):
                old.unlink()
            process.stdin.write(json.dumps(shlex.split(line)) + "\n")
            process.stdin.flush()
            code, said = json.loads(process.stdout.readline())
            files = [f.read_bytes() for f in folder.glob("*.[sp][vd][gf]")]
            assert len(files) == (code == 0), said
            assert "Traceback" not in said
            known[line] = (code, said if code else "", *files)
        return known[line]

    yield get
    process.stdin.close()
    process.wait(timeout=600)
    process.stdout.close()


def lines(name):
    command, option = name.split()
    always, cases = CASES[command]
    # What the command always gets comes first: of an option given twice the last one counts.
    return [f"plot {command} {always} {case}" for case in cases[option]]


@pytest.mark.parametrize("name", NAMED)
def test_the_option_changes_the_outcome(name, drawn):
    before, after = (drawn(line) for line in lines(name))
    assert before != after
    assert {before[0], after[0]} <= {0, 2}
    assert before[0] == 0 or after[0] == 0 or before[1] != after[1]


@pytest.mark.parametrize("command", CASES)
def test_the_same_arguments_draw_the_same_figure(command, drawn):
    line = lines(f"{command} --seed")[0]
    code, said, figure = drawn(line)
    assert (code, said) == (0, "")
    assert figure.startswith(b"<?xml")
    assert drawn(line, fresh=True) == (code, said, figure)


@pytest.mark.parametrize("command", CASES)
def test_the_kind_of_file_is_that_of_its_name(command, drawn):
    assert drawn(lines(f"{command} --output")[1])[2].startswith(b"%PDF")


def test_every_option_is_covered():
    names = {
        f"{path[1]} {max(option.opts, key=len)}"
        for path, command in every_command(cli)
        if path[:1] == ("plot",) and len(path) == 2
        for option in command.params
        if isinstance(option, click.Option)
    }
    assert "walks --seed" in names
    assert set(NAMED) == names
    assert set(CASES) == set(cli.commands["plot"].commands)


@pytest.mark.parametrize("name", NAMED)
def test_a_case_uses_its_option(name):
    _, after = lines(name)
    option = name.split()[1]
    short = {"--output": "-o", "--batch-size": "-b"}.get(option, option)
    assert {option, short} & set(after.split())
