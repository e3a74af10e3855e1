"""Figures are drawn by the commands of their pages, and again only when something changed."""

from textwrap import dedent

import figures
import pytest

PAGE = (
    dedent("""
    '''console
    $ python -c "open('data.txt', 'w').write('7')"
    '''
    '''console
    $ echo shown
    shown
    '''
    '''console
    $ cp data.txt one.svg && : -o one.svg
    '''
    ![one](figures/one.svg)
    """)
    .replace("'''console", "```console")
    .replace("\n'''", "\n```")
)


@pytest.fixture
def place(tmp_path):
    for name in ("figures", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "page.md").write_text(PAGE)
    return tmp_path


def draw(place, sources=b"1"):
    return figures.draw(place / "page.md", place / "figures", place / "cache", sources)


def test_commands_that_draw_or_prepare_are_found():
    found = figures.drawing_commands(PAGE)
    assert [c.split()[0] for c in found] == ["python", "cp"]
    assert figures.drawing_commands(PAGE.replace("![one]", "[one]")) == []


def test_a_figure_is_drawn_once_for_one_state(place):
    drawn = place / "figures/one.svg"
    assert draw(place) == []
    assert drawn.read_text() == "7"
    drawn.write_text("kept")
    assert draw(place) == []
    assert drawn.read_text() == "kept"
    assert draw(place, b"2") == []
    assert drawn.read_text() == "7"


def test_a_figure_that_was_removed_is_drawn_again(place):
    draw(place)
    (place / "figures/one.svg").unlink()
    assert draw(place) == []
    assert (place / "figures/one.svg").exists()


def test_what_fails_is_said(place):
    (place / "page.md").write_text(PAGE.replace("cp data.txt", "cp gone.txt"))
    first, second = draw(place)
    assert "exit code" in first
    assert second == "page.md: no command draws one.svg"
