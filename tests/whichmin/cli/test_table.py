import csv
import io
import json

import pytest

from whichmin.cli import run

TRACES = {
    ("linear", "GD"): ["(n + 4 - m)/m"] * 3,
    ("linear", "SGD"): ["(n + 4 - m)/m"] * 3,
    ("relu", "GD"): ["(n + 4 - k)/m", "(2*n + 8 - k - m)/(2*m)", "(n + 4 - m)/m"],
    ("relu", "SGD"): ["(n + 3)/m", "(2*n + 7 - m)/(2*m)", "(n + 4 - m)/m"],
}
AUTOGRAD = {"linear": "(n + 4 - m)/m", "relu": "(n + 4 - k)/m"}
# By hand, m = 8, n = 32, k = 5: (32 + 4 - 5)/8, then 3 or 7 kinks at 1/2 or 1, each worth 1/8.
MEASURED = {
    ("linear", "GD", "no kink"): 3.5,
    ("linear", "SGD", "no kink"): 3.5,
    ("relu", "GD", "κ=0"): 3.875,
    ("relu", "GD", "κ=½"): 3.6875,
    ("relu", "GD", "κ=1"): 3.5,
    ("relu", "SGD", "κ=0"): 4.375,
    ("relu", "SGD", "κ=½"): 3.9375,
    ("relu", "SGD", "κ=1"): 3.5,
}
NUMBERS = ["--m", "8", "--n", "32", "--positive", "5"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    file = tmp_path_factory.mktemp("table") / "sharpness.json"
    command = ["table", "sharpness", *NUMBERS, "--seed", "7", "--format", "json"]
    assert run([*command, "--output", str(file)]) == 0
    return json.loads(file.read_text())


def sharpness(capsys, *arguments):
    assert run(["table", "sharpness", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def test_symbolic_entries(capsys):
    content = json.loads(sharpness(capsys, "-f", "json"))
    assert len(content["tables"]) == 2
    rows = content["tables"][0]["rows"]
    assert [(r["activation"], r["minimum"]) for r in rows] == list(TRACES)
    for row in rows:
        traces = [row[f"trace κ={kappa}"] for kappa in ("0", "½", "1")]
        assert traces == TRACES[row["activation"], row["minimum"]]
        assert row["top eigenvalue"] == "4/m"
        assert row["plain autograd at the iterate"] == AUTOGRAD[row["activation"]]
    assert rows[2]["spectrum"] == "4/m ×1, 0 ×(k - 1), (1 - κ)/m ×(m - k), 1/m ×(n - m)"


def test_json_carries_schema_and_provenance(measured):
    assert measured["schema"] == "whichmin.table.sharpness/2"
    record = measured["provenance"]
    assert (record["seed"], record["dtype"], record["device"]) == (7, "float64", "cpu")
    assert {"whichmin", "commit", "threads"} <= set(record)
    assert "m = 8, n = 32, k = 5, standard frame, seed 7" in measured["tables"][1]["title"]


def test_measured_traces_are_those_computed_by_hand(measured):
    rows = measured["tables"][1]["rows"]
    found = {
        (r["activation"], r["minimum"], r["quantity"].removeprefix("trace, ")): r
        for r in rows
        if r["quantity"].startswith("trace")
    }
    assert found.keys() == MEASURED.keys()
    for key, value in MEASURED.items():
        assert found[key]["evaluated"] == value
        assert found[key]["measured"] == pytest.approx(value, rel=1e-8)


def test_measured_and_evaluated_agree_in_every_row(measured):
    rows = measured["tables"][1]["rows"]
    assert len(rows) == 24
    for row in rows:
        if row["quantity"].startswith("spectrum"):
            assert len(row["measured"]) == 32
            assert row["measured"] == pytest.approx(row["evaluated"], abs=1e-8)
        else:
            assert row["measured"] == pytest.approx(row["evaluated"], rel=1e-8)
        assert 0 <= row["relative difference"] < 1e-8
        assert 0 <= row["margin"] <= 1


def test_spectrum_of_the_relu_minima(measured):
    spectra = {
        (r["minimum"], r["quantity"]): sorted(round(v, 6) for v in r["measured"])
        for r in measured["tables"][1]["rows"]
        if r["activation"] == "relu" and r["quantity"].startswith("spectrum")
    }
    # 4/m once, 1/m for n - m = 24 directions, the m - k inactive ones in between.
    assert spectra["GD", "spectrum, κ=½"] == [0.0] * 4 + [0.0625] * 3 + [0.125] * 24 + [0.5]
    assert spectra["SGD", "spectrum, κ=½"] == [0.0625] * 7 + [0.125] * 24 + [0.5]
    assert spectra["SGD", "spectrum, κ=0"] == [0.125] * 31 + [0.5]


def test_plain_autograd_returns_the_same_number_at_both_relu_minima(measured):
    rows = [r for r in measured["tables"][1]["rows"] if r["quantity"].startswith("plain autograd")]
    found = {(r["activation"], r["minimum"]): r["measured"] for r in rows}
    expected = {("linear", "GD"): 3.5, ("linear", "SGD"): 3.5}
    expected |= {("relu", "GD"): 3.875, ("relu", "SGD"): 3.875}
    assert found == pytest.approx(expected, rel=1e-8)
    assert any("sees no difference" in note for note in measured["tables"][1]["notes"])


def test_the_human_table(capsys):
    lines = sharpness(capsys).splitlines()
    assert lines[0] == "Sharpness of the minima that GD and SGD find, in closed form"
    last = next(line for line in lines if line.startswith("relu          SGD"))
    assert "(n + 3)/m" in last
    assert "(2*n + 7 - m)/(2*m)" in last
    assert lines == sharpness(capsys, "--format", "table").splitlines()


def test_markdown(capsys):
    lines = sharpness(capsys, "--format", "markdown").splitlines()
    assert lines[0].startswith("**Sharpness of the minima")
    second = next(i for i, line in enumerate(lines) if line.startswith("**Every measure"))
    rows = [line for line in lines[:second] if line.startswith("| ")]
    assert len(rows) == 5
    assert all(line.count("|") == 9 for line in rows)
    assert "| (2*n + 8 - k - m)/(2*m) |" in rows[3]
    measures = [line for line in lines[second:] if line.startswith("| ")]
    assert len(measures) == 27
    assert all(line.replace(r"\|", "").count("|") == 6 for line in measures)


def test_latex_is_ascii_outside_comments(capsys):
    text = sharpness(capsys, "--format", "latex")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert code.isascii()
    assert code.count(r"\begin{tabular}{llllllll}") == 1
    assert code.count(r"\begin{tabular}") == code.count(r"\end{tabular}") == 2
    assert r"$\frac{2 n + 7 - m}{2 m}$" in code
    counts = [line.count(" & ") for line in code.splitlines() if line.endswith(r"\\")]
    assert counts == [7] * 5 + [4] * 27
    assert r"\varepsilon" in code


def test_csv_holds_the_table_that_compares(capsys):
    symbolic = list(csv.DictReader(io.StringIO(sharpness(capsys, "-f", "csv"))))
    assert [row["trace κ=0"] for row in symbolic] == [t[0] for t in TRACES.values()]
    small = ["--m", "3", "--n", "4", "--positive", "2"]
    rows = list(csv.DictReader(io.StringIO(sharpness(capsys, *small, "-f", "csv"))))
    found = {(r["activation"], r["minimum"], r["quantity"]): r for r in rows}
    assert len(found) == 24
    row = found["relu", "GD", "trace, κ=0"]  # (4 + 4 - 2)/3
    assert float(row["evaluated"]) == 2
    assert float(row["measured"]) == pytest.approx(2, rel=1e-8)
    spectrum = found["relu", "SGD", "spectrum, κ=0"]["measured"].split()
    assert [float(v) for v in spectrum] == pytest.approx([1 / 3] * 3 + [4 / 3], abs=1e-8)


def test_a_random_frame_has_the_same_minima(capsys):
    arguments = ["--m", "4", "--n", "9", "--positive", "2", "--frame", "random", "--seed", "3"]
    tables = json.loads(sharpness(capsys, *arguments, "-f", "json"))["tables"]
    assert "random frame, seed 3" in tables[1]["title"]
    traces = {
        (r["activation"], r["minimum"], r["quantity"][-3:]): r["measured"]
        for r in tables[1]["rows"]
        if r["quantity"].startswith("trace")
    }
    assert traces["relu", "GD", "κ=0"] == pytest.approx(11 / 4, rel=1e-8)  # (9 + 4 - 2)/4
    assert traces["relu", "SGD", "κ=0"] == pytest.approx(12 / 4, rel=1e-8)
    assert traces["relu", "SGD", "κ=½"] == pytest.approx(21 / 8, rel=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--m", "8"], "--m = 8, but needs --n N and --positive K as well"),
        (["--n", "8", "--positive", "2"], "--n = 8, but needs --m M as well"),
        (["--m", "8", "--n", "4", "--positive", "1"], "n = 4, but must be an integer >= 8"),
        (["--m", "2", "--n", "4", "--positive", "3"], "positive = 3, but must be an integer >= 1"),
        (["--m", "2", "--n", "4", "--positive", "0"], "and <= 2 (some of the m points)"),
        (["--m", "0", "--n", "4", "--positive", "1"], "m = 0, but must be an integer >= 1"),
        (["--seed", "-1"], "seed = -1, but must be an integer >= 0"),
        (["--frame", "hexagonal"], "'hexagonal' is not one of 'standard', 'random'"),
        (["--m", "2.5"], "'2.5' is not a valid integer"),
        (["--epsilon", "0.1"], "--epsilon = 0.1, but needs --m M, --n N and --positive K as"),
        (["--seed", "0"], "--seed = 0, but needs --m M, --n N and --positive K as"),
    ],
)
def test_wrong_use(capsys, arguments, message):
    assert run(["table", "sharpness", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


@pytest.mark.parametrize("option", ["epsilon", "radius"])
@pytest.mark.parametrize("value", ["1e-10", "1e-200", "1e200"])
def test_sizes_at_which_nothing_is_left_are_refused_by_option(capsys, option, value):
    numbers = ["--m", "3", "--n", "4", "--positive", "2"]
    assert run(["table", "sharpness", *numbers, f"--{option}", value]) == 2
    assert f"--{option} = " in capsys.readouterr().err


@pytest.mark.parametrize("numbers", [[], ["--m", "2", "--n", "3", "--positive", "2"]])
def test_latex_of_the_noise_table_is_ascii_outside_comments(capsys, numbers):
    assert run(["table", "noise", *numbers, "-f", "latex"]) == 0
    code = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("%")]
    assert "\n".join(code).isascii()
    assert any(r"B\_simple = $\beta$" in line for line in code)
