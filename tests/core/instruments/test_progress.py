"""A bar on request or on a terminal, nothing otherwise."""

import pytest

from whichmin.core.instruments import closure_objective, keskar_sharpness
from whichmin.core.instruments.progress import progress_bar


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
