"""A bar on request or on a terminal, nothing otherwise."""

import pytest

from whichmin import progress
from whichmin.core.instruments import closure_objective, keskar_sharpness
from whichmin.progress import progress_bar, stages


class Terminal:
    def __init__(self):
        self.written = ""

    def isatty(self):
        return True

    def write(self, text):
        self.written += text

    def flush(self):
        pass


@pytest.mark.parametrize(("show", "terminal", "shown"), [
    (None, False, False), (None, True, True), (True, False, True), (False, True, False),
])  # fmt: skip
def test_when_it_is_shown(monkeypatch, show, terminal, shown):
    stream = Terminal()
    stream.isatty = lambda: terminal
    monkeypatch.setattr("sys.stderr", stream)
    with progress_bar(2, "counting", show) as done:
        done()
        done()
    assert ("counting" in stream.written) == shown


def test_instruments_are_quiet_by_default(capsys):
    keskar_sharpness(closure_objective(lambda w: w.square().sum(), [1.0]))
    assert capsys.readouterr() == ("", "")
    keskar_sharpness(closure_objective(lambda w: w.square().sum(), [1.0]), progress=True)
    assert "Keskar's sharpness" in capsys.readouterr().err


def test_a_bar_says_what_is_done_and_never_what_is_left(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with progress_bar(4, "one") as tell:
        tell(1, "[two]")
        tell()
        tell(3, "three")
    assert "one" in stream.written
    assert "three" in stream.written
    assert "75%" in stream.written
    assert "left" not in stream.written
    assert "-:--:--" not in stream.written, "rich's time that is left, while unknown"


def test_a_log_file_gets_a_line_now_and_then(monkeypatch, capsys):
    with progress_bar(4, "quick", lines=True) as tell:
        tell(1)
    assert capsys.readouterr().err == "", "nothing in short work"
    monkeypatch.setattr(progress, "SAY_EVERY", 0.0)
    with progress_bar(4, "steps", lines=True) as tell:
        tell()
        tell(3, "step 3 of at most 4")
        tell()
    assert capsys.readouterr().err.splitlines() == [
        "steps: 25 %, 0.0 min so far",
        "step 3 of at most 4: 75 %, 0.0 min so far",
        "step 3 of at most 4: 100 %, 0.0 min so far",
    ]
    with progress_bar(4, "steps") as tell:
        tell()
    assert capsys.readouterr().err == "", "instruments are quiet in log files"


def test_stages_of_large_work_are_lines_in_a_log_file(capsys):
    """Reading and orthonormalising took a minute without a word."""
    for size, lines in ((progress.LARGE, "reading ...\nlooking ...\n"), (progress.LARGE - 1, "")):
        with stages(size) as say:
            say("reading")
            say("looking")
        assert capsys.readouterr() == ("", lines)


def test_stages_show_on_a_terminal_while_they_last(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with stages(0) as say:
        say("reading [a].npy")
    assert "reading [a].npy" in stream.written


def test_stages_without_standard_error_are_silent(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    with stages(progress.LARGE) as say:
        say("reading")
