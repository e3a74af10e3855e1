import json
import subprocess
import sys
import tomllib
from pathlib import Path

import outputs
import pytest
import records

RESULT = {
    "exit": 0,
    "stderr": "",
    "stdout": {"loss": 0.375, "steps": 546, "statement": "as it is", "lines": "a  0.5 x\nb  2 y"},
}


@pytest.fixture
def compared(tmp_path, capsys):
    def compare(after, expected=None, before=RESULT):
        for name, content in {"before": before, "after": after}.items():
            (tmp_path / name).mkdir()
            if content is not None:
                text = json.dumps({"train -b 1": content})
                (tmp_path / name / "train.json").write_text(text)
        code = records.compare(tmp_path / "before", tmp_path / "after", expected or {})
        return code, capsys.readouterr().out

    return compare


def changed(**fields):
    return RESULT | {"stdout": RESULT["stdout"] | fields}


def test_equal_records(compared):
    assert compared(RESULT) == (0, "0 differences {}\n")


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"loss": 0.3751}, "value | train -b 1 | stdout/loss: 0.375 -> 0.3751"),
        ({"loss": None}, "value | train -b 1 | stdout/loss"),
        ({"steps": 547}, "value | train -b 1 | stdout/steps"),
        ({"steps": True}, "value | train -b 1 | stdout/steps"),
        ({"statement": "as it was"}, "wording | train -b 1 | stdout/statement"),
        ({"lines": "a  0.5 x\nb  3 y"}, "stdout/lines: 'b  2 y' -> 'b  3 y'"),
        ({"lines": "a  0.5 x"}, "stdout/lines: 'b  2 y' -> ''"),
        ({"extra": 1}, "stdout/extra: new: 1"),
    ],
)
def test_a_difference_is_told(compared, fields, where):
    code, told = compared(changed(**fields))
    assert code == 1
    assert where in told
    assert "1 differences" in told


def test_rounding_is_no_difference(compared):
    small = changed(loss=0.375 * (1 + 1e-12), lines="a  0.5000000000001 x\nb  2 y")
    assert compared(small)[0] == 0


def test_a_tolerance_is_more_than_rounding():
    assert not records.close(1e-12, 2e-12)
    assert records.close(float("nan"), float("nan"))


def test_a_lost_file_is_told(compared):
    code, told = compared(None)
    assert code == 1
    assert "train value | train -b 1 | : lost:" in told


def test_entries_are_compared_by_name():
    before, after = [{"id": "a", "v": 1}, {"id": "b", "v": 2}], [{"id": "b", "v": 3}]
    found = dict(records.differences(before, after, "claims"))
    assert found == {"claims/a": "lost: {'id': 'a', 'v': 1}", "claims/b/v": "2 -> 3"}


def test_what_a_solver_met_is_no_difference():
    proof = {"kind": "SMT proof", "holds": True, "where": "slowest query", "found": ["x = 1"]}
    assert not list(records.differences(proof, proof | {"where": "another", "found": ["x = 2"]}))
    found = list(records.differences(proof, proof | {"holds": False}))
    assert found == [("holds", "True -> False")]


def test_expected_differences(compared):
    pattern = "train wording | * | stdout/statement"
    code, told = compared(changed(statement="said better"), {pattern: "read once more"})
    assert code == 0
    assert f"expected, 1 times: {pattern}: read once more" in told


def test_an_expectation_that_is_never_met_fails(compared):
    code, told = compared(RESULT, {"plot *": "redrawn"})
    assert code == 1
    assert "never met: plot *" in told


def test_what_is_volatile_goes():
    text = "took 3.2 s at /tmp/x/run.npz, commit 0123abc\nbatch size 2: 10 %, at most 4 min left"
    assert outputs.stripped(text) == "took TIME at PATH, commit COMMIT"
    assert outputs.parsed("a  0.25 2\n-----", masked=True) == {"lines": "a # #\n "}
    assert outputs.plain({"a": [{"seconds": 1.5, "loss": 0.5}]}) == {"a": [{"loss": 0.5}]}


def test_a_picture_is_labels_and_coordinates():
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g id="line2d_1"><!-- GD -->'
        '<path d="M 1 2.5 L 3 4"/></g></svg>'
    )
    found = {"labels": ["GD"], "shapes": {"line2d": [[1.0, 2.5, 3.0, 4.0]]}}
    assert outputs.picture(text) == found


def test_runs_are_expanded():
    lists = {"a": ["x", "y"], "b": ["1", "2"]}
    assert list(outputs.expanded("go {a} {b}", lists)) == ["go x 1", "go x 2", "go y 1", "go y 2"]


def test_the_list_of_runs_is_sound():
    groups = tomllib.loads((outputs.TOOLS / "outputs.toml").read_text(encoding="utf-8"))
    lists = groups.pop("lists")
    for title, group in groups.items():
        runs = [r for run in group["runs"] for r in outputs.expanded(run, lists)]
        assert len(set(runs)) == len(runs), title
        for run in runs if group.get("kind") == "python" else ():
            places = (outputs.TOOLS / "snippets" / run, outputs.TOOLS.parent / "examples" / run)
            assert any(map(Path.is_file, places)), run


def test_a_run_is_recorded(tmp_path):
    tool = str(outputs.TOOLS / "outputs.py")
    command = [sys.executable, tool, "record", str(tmp_path), "completion"]
    subprocess.run(command, check=True, capture_output=True)
    found = json.loads((tmp_path / "completion.json").read_text(encoding="utf-8"))
    assert found["--version"]["exit"] == 0
    assert found["--version"]["stdout"]["lines"].startswith("whichmin")
    again = records.compare(tmp_path, tmp_path, {})
    assert again == 0
