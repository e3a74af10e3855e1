"""What a command refuses is said in its own words, with options that it has."""

import ast
import re
from pathlib import Path

import click
import numpy as np
import pytest

from whichmin.cli import cli, run
from whichmin.cli.help import every_command
from whichmin.cli.wording import as_typed, refused_as_typed
from whichmin.errors import InputError, MissingDependency

ROOT = Path(__file__).parents[3]
COMMANDS = {" ".join(path): command for path, command in every_command(cli)}
LEAVES = {name: c for name, c in COMMANDS.items() if not isinstance(c, click.Group)}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# Arguments of functions that no command line has: an error that shows one was not translated.
PYTHON = re.compile(
    r"\b(handling=|dtype=|(record_to|record_at|w0|step_size|batch_size|max_steps)\b)"
)


def options_of(command):
    return {opt for p in command.params for opt in p.opts if opt.startswith("--")} | {"--help"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """One file of each kind that is refused."""
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(4, 6))
    frame = np.linalg.qr(rows.T)[0].T
    np.save("rows.npy", rows)
    np.save("tall.npy", rows.T)
    np.save("single.npy", frame.astype("f4"))
    np.save("frame.npy", frame)
    np.save("cube.npy", np.ones((2, 2, 2)))
    np.save("flat.npy", np.ones(4))
    np.save("nan.npy", rows * np.nan)
    np.save("zero.npy", rows * 0)
    np.save("equal.npy", np.ones((2, 3)))
    np.savez("two.npz", a=rows, b=rows)
    Path("text.npy").write_text("1,2\n")
    Path("words.csv").write_text("a,b\n1,x\n")


FILES = [
    "rows.npy", "tall.npy", "single.npy", "cube.npy", "flat.npy", "nan.npy", "zero.npy", "two.npz",
    "text.npy", "words.csv", "missing.npy", "data.xlsx",
]  # fmt: skip
MORE = [
    ["equal.npy", "--orthonormalise", "qr"], ["tall.npy", "--orthonormalise", "qr"],
    ["frame.npy", "--start", "flat.npy"], ["frame.npy", "--start", "two.npz"],
    ["--step-size", "0"], ["-b", "0"], ["-b", "99"], ["--tolerance", "2"], ["--max-steps", "-1"],
    ["--replicas", "0"], ["--device", "cuda:99"], ["--device", "tpu"], ["--seed", "-1"],
    ["--record", "x.npy"], ["--batches", "rows.npy"], ["--norm", "2"], ["--angle", "120"],
    ["--factor", "99"], ["--target", "2"], ["--epsilon", "0"], ["--m", "3", "--n", "2"],
    ["--alpha", "-1"], ["--check-every", "0"], ["--block", "0"], ["--key", "a"], ["--as-is"],
    ["--output", "no/where.svg"], ["--resume", "rows.npy"], ["--label", "3"],
    ["--engine", "compiled", "--step-size", "1e-300", "--max-steps", "1"],
    ["--engine", "compiled", "--dtype", "float32", "--max-steps", "1"],
    ["-b", "2", "--step-size", "3", "--device", "cpu"],
]  # fmt: skip
RUNS = [n for n in LEAVES if n in {"predict", "train", "ensemble"} or n.startswith("plot ")]


@pytest.mark.parametrize("name", RUNS)
def test_errors_name_options_that_the_command_has(name, files, capsys):
    command, refused = LEAVES[name], 0
    takes_file = any(p.name == "file" for p in command.params)
    known = {opt for p in command.params for opt in p.opts}
    cases = [[file] for file in FILES if takes_file]
    for case in MORE:
        options = {word for word in case if re.match("--?[a-z]", word)}
        free = name == "plot linear-scaling" and "-b" in case  # of its own model: any size
        if options <= known and (takes_file or case[0].startswith("-")) and not free:
            cases.append(case)
    for case in cases:
        assert run([*name.split(), *case]) == 2, case
        err = capsys.readouterr().err
        refused += err.startswith("whichmin: error: ")
        assert set(OPTION.findall(err)) <= options_of(command), (case, err)
        assert not PYTHON.search(re.sub(r"'[^']*'", "", err)), (case, err)
    assert refused >= 2


def test_ways_out_are_those_of_the_command(files, capsys):
    def told(*words):
        assert run(list(words)) == 2
        return set(OPTION.findall(capsys.readouterr().err))

    assert told("train", "rows.npy") == {"--orthonormalise", "--as-is", "--whiten"}
    assert told("train", "tall.npy") == {"--as-is", "--whiten"}
    assert told("train", "single.npy") == {"--orthonormalise", "--as-is", "--whiten", "--dtype"}
    assert "--dtype" not in told("predict", "single.npy")
    assert told("plot", "walks", "rows.npy") == {"--orthonormalise"}
    assert told("plot", "walks", "tall.npy") == set()
    assert told("plot", "correlations", "tall.npy") == {"--as-is", "--whiten"}


WAYS_OUT = [
    "rows.npy --orthonormalise polar", "rows.npy --as-is", "tall.npy --as-is", "rows.npy --whiten",
    "single.npy --dtype float32",
]  # fmt: skip


@pytest.mark.parametrize("words", WAYS_OUT)
def test_the_ways_out_that_are_told_work(files, capsys, words):
    assert run(["train", *words.split(), "-b", "full", "--max-steps", "2"]) in {0, 1}
    assert capsys.readouterr().err == ""


def test_functions_name_no_options():
    """They are called from Python too; the command line translates."""
    for folder in ("core", "symbolic", "src/whichmin/plots", "src/whichmin/prediction"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputError":
                    assert not OPTION.search(ast.unparse(node)), f"{file}:{node.lineno}"


def test_advice_in_a_report_is_in_the_words_of_the_command(capsys):
    assert run(["train", "-b", "full", "--max-steps", "3"]) == 1
    out = capsys.readouterr().out
    assert "raise --max-steps" in out
    assert "max_steps" not in out


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("raise max_steps", "raise --max-steps"),
        ("step_size / batch_size up to 1/5", "--step-size / --batch-size up to 1/5"),
        ("use device='cpu', or", "use --device cpu, or"),
        ("the 3 row(s) of w0", "the 3 row(s) of --start"),
        ("a key: k=3", "a key: k=3"),
        ("to_pandas() and no_option", "to_pandas() and no_option"),
        ("--max-steps", "--max-steps"),
    ],
)
def test_as_typed(text, typed):
    assert as_typed(text, COMMANDS["train"]) == typed


def test_what_the_command_lacks_stays():
    assert as_typed("use device='cpu'", COMMANDS["predict"]) == "use device='cpu'"


def test_errors_are_named_as_typed():
    ctx = click.Context(COMMANDS["train"])
    ctx.params = {"file": "x.npy"}
    assert str(refused_as_typed(InputError("data", 1, "no"), ctx)) == "FILE (x.npy) = 1, but no"
    assert refused_as_typed(InputError("w0", 1, "no"), ctx).argument == "--start"
    missing = refused_as_typed(MissingDependency("a", "b", "use device='cpu'"), ctx)
    assert str(missing) == "a is missing: b; use --device cpu"
