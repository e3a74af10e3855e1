"""The runner of the pages' code: it runs what it should and notices what is wrong."""

from textwrap import dedent

import pytest
from blocks import Block, figures, find_blocks, run_page


def page(text):
    return dedent(text).replace("'''", "```")


def test_blocks_are_found_with_their_marks():
    text = page("""
        <!-- not executed: installs packages -->

        '''console
        $ pip install x
        '''
        <!-- exit code: 2 -->
        '''console
        $ whichmin nothing
        '''
        ''''text
        '''python
        inside a longer fence
        '''
        ''''
        """)
    text = text.replace("```'", "````")
    assert list(find_blocks(text)) == [
        Block("console", ("$ pip install x",), 4, "installs packages"),
        Block("console", ("$ whichmin nothing",), 8, None, 2),
        Block("text", ("```python", "inside a longer fence", "```"), 11),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\n>>> 1", "has no end"),
        ("```bash\nls\n```", "neither run nor plain text"),
        ("<!-- not executed: no time -->\n```console\n$ ls\n```", "not among the reasons"),
        ("```console\nls\n```", "begins with"),
    ],
)
def test_unclear_blocks_are_refused(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        run_page(text, tmp_path)


def test_a_mark_belongs_to_the_next_block_only():
    text = "<!-- not executed: installs packages -->\nBut first:\n\n```console\n$ pip list\n```"
    assert next(find_blocks(text)).reason is None


def test_python_and_commands_share_folder_and_order(tmp_path):
    run = run_page(
        page("""
            '''python
            >>> import pathlib
            >>> x = 3
            >>> _ = pathlib.Path("a.txt").write_text("from python")
            '''
            '''console
            $ cat a.txt \\
                | tr a-z A-Z
            FROM PYTHON
            $ echo 5 > b.txt
            '''
            '''python
            >>> x + int(pathlib.Path("b.txt").read_text())
            8
            '''
            '''python
            x = 2 * x
            '''
            '''python
            >>> x
            6
            '''
            """),
        tmp_path,
    )
    assert run.failures == []
    assert (run.commands, run.examples) == (2, 6)


def test_a_wrong_output_is_noticed_and_put_right(tmp_path):
    before = page("""
        '''console
        $ echo one; echo two

        $ echo three
        wrong

        $ echo four
        4
        and more
        '''
        The end.
        """)
    run = run_page(before, tmp_path)
    assert len(run.failures) == 2
    assert "shown\nwrong\nprinted\nthree" in run.failures[0]
    after = "\n".join(run.lines)
    assert after == before.replace("wrong", "three").replace("4\nand more", "four")
    assert run_page(after, tmp_path).failures == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```console\n$ exit 3\n```", "exit code 3, not 0"),
        ("<!-- exit code: 3 -->\n```console\n$ true\n```", "exit code 0, not 3"),
        ("```python\n>>> 1 + 1\n3\n```", "Got:\n    2"),
        ("```console\n$ false | cat\n```", "exit code 1, not 0"),
    ],
)
def test_what_goes_wrong_is_a_failure(text, message, tmp_path):
    (failure,) = run_page(text, tmp_path).failures
    assert message in failure


def test_a_script_that_fails_raises(tmp_path):
    with pytest.raises(NameError):
        run_page("```python\nnot_there\n```", tmp_path)


def test_dots_stand_for_anything(tmp_path):
    text = "```console\n$ python -c 'print(1, 2.5, 3)'\n1 ... 3\n```"
    assert run_page(text, tmp_path).failures == []


def test_progress_on_a_busy_machine_is_not_part_of_an_output(tmp_path):
    command = "echo 'runs: 0 %, 0.5 min so far'; echo 'step 5 of 9: 50 %, 3.0 min so far'; echo 7 %"
    text = f"```console\n$ {command}\n7 %\n```"
    assert run_page(text, tmp_path).failures == []


def test_errors_are_shown_as_on_a_terminal(tmp_path):
    text = "<!-- exit code: 2 -->\n```console\n$ whichmin train --m 0\nwhichmin: error: ...\n```"
    assert run_page(text, tmp_path).failures == []


def test_figures_of_a_page():
    text = "![A](figures/a.svg) [no](figures/b.svg) ![far](https://c/figures/c.svg)"
    assert figures(text) == ["figures/a.svg"]
