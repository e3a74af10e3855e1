import pytest

from whichmin.errors import InputError
from whichmin.tables.noise import noise_table


def test_the_symbols_of_the_first_row_are_explained():
    table = noise_table().tables[0]
    assert table.records()[0]["closed form"].count("sigma") == 1
    assert "sigma the slope of its activation, 1 if it is active and 0 if not" in table.notes[0]


def test_symbolic_entries():
    rows = {
        (r["quantity"], r["where"]): r["closed form"] for r in noise_table().tables[0].records()
    }
    assert rows["tr Sigma", "at a minimum"] == "(1 - Q)/m"
    assert rows["tr(H Sigma)", "at a minimum"] == "0"
    assert rows["covariance of a batch over Sigma", "without replacement"] == "(m - b)/(b*(m - 1))"


@pytest.mark.parametrize(
    ("m", "n", "positive", "options"),
    [(1, 1, 1, {}), (4, 6, 3, {}), (3, 7, 1, {"batch_size": 2, "frame": "random"}),
     (2, 2, 2, {"batch_size": 2})],
)  # fmt: skip
def test_measured_agrees_within_the_margin(m, n, positive, options):
    _, compared, along = noise_table(m, n, positive, seed=3, **options).tables
    assert len(compared.rows) == 24
    for row in compared.records():
        assert row["margin"] <= 1, row
    texts = {
        cell.text for row in compared.rows for cell in row[5:] if isinstance(cell.value, float)
    }
    # What is only rounding depends on the processor; the runs end 1e-10 from their limits.
    assert "rounding" in texts
    assert not any(text.endswith(f"e-{digits}") for text in texts for digits in range(15, 60))
    assert {(r["activation"], r["run"]) for r in along.records()} == {
        (activation, run) for activation in ("linear", "relu") for run in ("GD", "SGD")
    }


def test_ends_of_the_runs():
    *_, along = noise_table(4, 6, 3).tables
    ends = {(r["activation"], r["run"]): r for r in along.records()}  # the last row of each stays
    # SGD with b = 1 and step size 1/5: m - 1 + m (2 + eta)/(4 eta) = 3 + 11; s^2 is below 1e-10,
    # and roundings of it are below 1e-3 of it.
    for activation in ("linear", "relu"):
        assert ends[activation, "SGD"]["B_noise"] == pytest.approx(14, rel=1e-3)
        assert (
            ends[activation, "SGD"]["tr Sigma"] < 1e-10 < 0.1 < ends[activation, "GD"]["tr Sigma"]
        )
    # GD: m (Q - lambda (1 - Q)) - 1 with lambda = 39/41 and 1 - Q = m tr Sigma. R is about 1e-10,
    # and figures of that size carry roundings of 2e-16: 1e-6, relatively, a dozen times.
    spread = 4 * ends["relu", "GD"]["tr Sigma"]
    expected = 4 * (1 - spread - 39 / 41 * spread) - 1
    assert ends["relu", "GD"]["B_noise"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"m": 8}, "m = 8, but needs n=N and positive=K"), ({"m": 8, "n": 4, "positive": 1}, "n = 4"),
     ({"m": 2, "n": 4, "positive": 3}, "positive = 3"),
     ({"m": 2, "n": 4, "positive": 1, "batch_size": 3}, "batch_size = 3"),
     ({"batch_size": 0}, "batch_size = 0"),
     ({"m": 2, "n": 4, "positive": 1, "frame": "hexagonal"}, "frame = 'hexagonal'"),
     ({"seed": -1}, "seed = -1"), ({"batch_size": 3}, "batch_size = 3, but needs m=M, n=N and"),
     ({"seed": 0}, "seed = 0, but needs"), ({"frame": "random"}, "frame = 'random', but needs")],
)  # fmt: skip
def test_bad_input(options, message):
    with pytest.raises(InputError, match=message):
        noise_table(**options)
