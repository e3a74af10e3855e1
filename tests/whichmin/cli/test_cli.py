import json
import os
import pty
import re
import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from whichmin import provenance
from whichmin.cli import cli, run
from whichmin.errors import WhichminError

COMMAND = [sys.executable, "-m", "whichmin"]
SMALL = ["train", "--m", "2", "--n", "3", "-b", "full", "--max-steps", "1", "--seed", "3"]


def fails_with(monkeypatch, error):
    @click.command()
    def broken():
        raise error

    monkeypatch.setitem(cli.commands, "broken", broken)
    return run(["broken"])


def test_help_names_the_commands_and_the_exit_codes(capsys):
    for flag in ("-h", "--help"):
        assert run([flag]) == 0
        printed = " ".join(capsys.readouterr().out.split())
        assert all(f" {name} " in printed for name in ("verify", "table", "train"))
        assert (
            "Exit codes: 0 what was asked for holds; 1 a check failed or a run found no global "
            "minimum; 2 wrong use or bad input."
        ) in printed


@pytest.mark.parametrize(("known", "shown"), [("0" * 40, "0" * 40), (None, "unknown")])
def test_version_and_commit(capsys, monkeypatch, known, shown):
    monkeypatch.setattr(provenance, "commit", lambda: known)
    assert run(["--version"]) == 0
    expected = f"whichmin, version {version('whichmin')}, commit {shown}\n"
    assert capsys.readouterr() == (expected, "")


def test_the_version_goes_before_the_commands(capsys):
    assert run(["--version", "train", "--nonsense"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"whichmin, version {version('whichmin')}, commit {provenance.commit()}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Usage: whichmin [OPTIONS] COMMAND"),
        (["table"], "Usage: whichmin table [OPTIONS] COMMAND"),
        (["nonsense"], "No such command 'nonsense'"),
        (["my.csv", "--as-is"], "'my.csv' is a file; say what to do with it: whichmin predict my"),
        (["DATA.NPY"], "is a file; say what to do with it: whichmin predict DATA.NPY"),
        (["table", "flatness"], "No such command 'flatness'"),
        (["train", "--nonsense"], "No such option"),
        (["train", "a.npy", "b.npy"], "unexpected extra argument"),
        (["train", "--m", "eight"], "Invalid value for '--m': 'eight' is not a valid integer"),
        (["train", "--format", "html"], "Invalid value for '--format' / '-f': 'html' is not one"),
        (["verify", "--seed"], "Option '--seed' requires an argument"),
    ],
)
def test_wrong_use_is_2_with_a_message_on_standard_error(capsys, arguments, message):
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_an_error_of_ours_is_2_and_one_line(capsys, monkeypatch):
    assert fails_with(monkeypatch, WhichminError("what and why")) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "whichmin: error: what and why\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(capsys, monkeypatch, error):
    assert fails_with(monkeypatch, error) == 130
    assert capsys.readouterr().err.strip() == "whichmin: interrupted"


def test_a_bug_of_ours_is_not_hidden_and_is_no_failed_check(monkeypatch, capsys):
    assert fails_with(monkeypatch, ZeroDivisionError("oops")) == 3
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in shown
    assert "Traceback" in shown
    assert "please report" in shown


@pytest.mark.parametrize(
    "arguments",
    [SMALL, ["table", "sharpness"], ["verify", "--select", "batches.known_answers"]],
    ids=["train", "table", "verify"],
)
@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_output_is_plain_text_when_not_on_a_terminal(capsys, monkeypatch, arguments, variable):
    monkeypatch.setenv(variable, "1")
    assert run(arguments) in {0, 1}
    printed = capsys.readouterr()
    assert printed.out.count("\n") > 5
    assert "\x1b" not in printed.out + printed.err
    assert printed.err == "", "no progress bar either"


@pytest.mark.parametrize("arguments", [SMALL, ["verify", "--select", "batches.known_answers"]])
def test_a_progress_bar_shows_on_a_terminal_and_only_on_standard_error(
    capsys, monkeypatch, arguments
):
    plain_code = run(arguments)
    plain = capsys.readouterr()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(arguments) == plain_code
    printed = capsys.readouterr()
    assert re.sub(r"\d\.\d|\d s", "", printed.out) == re.sub(r"\d\.\d|\d s", "", plain.out)
    label = "batch size full" if arguments is SMALL else "batches.known_answers"
    assert label in printed.err
    assert "100%" in printed.err


def test_output_goes_to_a_file_and_says_so(capsys, tmp_path):
    file = tmp_path / "out.json"
    file.write_text("old")
    assert run([*SMALL, "-f", "json", "-o", str(file)]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"wrote {file}\n")
    assert json.loads(file.read_text())["schema"] == "whichmin.train/1"
    assert os.listdir(tmp_path) == ["out.json"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/out.txt", "must be a writable file (there is no folder "),
        ("", "is a directory"),
    ],
)
def test_output_that_cannot_be_written_is_2(capsys, tmp_path, name, message):
    assert run([*SMALL, "--output", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_full_disk_on_standard_output_is_2_and_one_line():
    # Not 1: that would say that a check failed.
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *SMALL], stdout=full, stderr=subprocess.PIPE, text=True, timeout=600
        )
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], SMALL], ids=" ".join)
def test_a_reader_that_has_left_is_141_and_silent(arguments):
    # Not 1: that would say that a check failed.
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=600
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def in_a_shell(streams):
    command = " ".join([*COMMAND, *SMALL])
    return subprocess.run(
        ["bash", "-c", f"{command} {streams}"], capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def whole():
    return in_a_shell("")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_change_neither_verdict_nor_what_the_others_get(whole, closed):
    part = in_a_shell(closed)
    assert (part.returncode, part.stderr) == (whole.returncode, "") == (1, "")
    assert part.stdout == ("" if ">&-" in closed.replace("2>&-", "") else whole.stdout)


def test_characters_that_the_output_cannot_show_are_2_and_one_line():
    done = subprocess.run(
        [*COMMAND, "table", "sharpness"],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "whichmin: error: '\\u03ba' cannot be written in latin-1; set PYTHONIOENCODING=utf-8\n"
    )


def test_as_a_module_and_as_a_script_from_anywhere(tmp_path):
    script = os.path.join(os.path.dirname(sys.executable), "whichmin")
    for command in (COMMAND, [script]):
        done = subprocess.run(
            [*command, "nonsense"], capture_output=True, text=True, cwd=tmp_path, timeout=600
        )
        assert done.returncode == 2
        assert done.stderr.startswith("Usage: whichmin ")


def test_a_table_on_a_terminal_is_drawn_by_rich():
    controller, terminal = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "250", "LINES": "50"}
    process = subprocess.Popen(
        [*COMMAND, "table", "sharpness"], stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    printed = b""
    try:
        while block := os.read(controller, 4096):
            printed += block
    except OSError:
        pass  # Linux reports the end of a terminal as an error
    finally:
        os.close(controller)
    assert process.wait(timeout=600) == 0
    text = printed.decode()
    assert "\x1b[" in text
    assert "─" in text, "a rule under the heading"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for entry in ("(n + 4 - k)/m", "(2*n + 7 - m)/(2*m)", "trace κ=½", "k = |S+| is the number"):
        assert entry in plain
    assert "Traceback" not in plain
