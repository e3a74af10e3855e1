"""Every option of ``whichmin verify`` and of what reports: its effect is seen in a process."""

import csv
import io
import json

import pytest
from every_option import Cover

CHECK = "verify --select landscape.sample"
TABLE = "table sharpness"
RUNS = {
    "version": ("--version", 0),
    "no command": ("", 2),
    "completion": ("completion zsh", 0),
    "doctor": ("doctor -f json -o doctor.json", 0),
    "verify": (f"{CHECK} --examples 3 --seed 1 -f json", 0),
    "verify, chance": ("verify --select batches.uniform --seed 1 -f json", 0),
    "verify, other seed": ("verify --select batches.uniform --seed 2 -f json", 0),
    "verify more": (f"{CHECK} --examples 6 --seed 1 -f csv -o evidence.csv", 0),
    "verify deep": ("verify --select walk.increments --deep --record walk.json -f json", 0),
    "verify, topic": ("verify --topic batches --examples 1 -f json", 0),
    "verify, no process": (f"{CHECK} --jobs 0", 2),
    "prove, no process": ("prove gap --fresh --deep --jobs 0 -f json -o proofs.json", 2),
    "mutants": ("mutants --select loss.root --seed 1 -f json", 0),
    "mutants kept": ("mutants --select loss.root -f csv -o killed.csv", 0),
    "claims": ("claims -f json", 0),
    "claims, some": (
        "claims --id walk --topic sgd --source 000 --verdict refuted -f csv -o claims.csv", 0,
    ),
    "claim": ("claims show gd.limit -f json", 0),
    "claim again": ("claims show gd.limit --run --seed 5 -f json", 0),
    "table": ("table sharpness", 0),
    "table group": ("table", 2),
    "measured": (f"{TABLE} --m 3 --n 5 --positive 2 --seed 1 -f csv", 0),
    "measured elsewhere": (
        f"{TABLE} --m 3 --n 5 --positive 2 --seed 1 --frame random -f json -o t.json", 0
    ),
    "measures": (f"{TABLE} --m 3 --n 5 --positive 2 --seed 1 -f json", 0),
    "measures, other box": (
        f"{TABLE} --m 3 --n 5 --positive 2 --seed 1 --epsilon 0.01 --radius 0.1 -f json", 0
    ),
    "measured, other seed": (f"{TABLE} --m 3 --n 5 --positive 2 --seed 2 -f csv", 0),
    "measured, other sizes": (f"{TABLE} --m 4 --n 7 --positive 3 --seed 1 -f csv", 0),
    "noise": ("table noise", 0),
    "noise measured": ("table noise --m 3 --n 5 --positive 2 --seed 1 -b 2 -f json", 0),
    "noise elsewhere": (
        "table noise --m 3 --n 5 --positive 2 --seed 2 --frame random -f json -o noise.json", 0
    ),
}  # fmt: skip
COVER = Cover(RUNS)
effect, ran = COVER.effect, COVER.fixture()


@effect("--version")
def _(done="version"):
    assert done.out.startswith("whichmin, version ")
    assert ", commit " in done.out


@effect("")
def _(done="no command"):
    assert "Usage: whichmin [OPTIONS] COMMAND" in done.err


@effect("table")
def _(done="table group"):
    assert "Usage: whichmin table [OPTIONS] COMMAND" in done.err


@effect("completion")
def _(done="completion"):
    assert "_WHICHMIN_COMPLETE=zsh_complete" in done.out


@effect("doctor", "doctor --format", "doctor --output")
def _(done="doctor"):
    content = json.loads((done.folder / "doctor.json").read_text())
    assert done.out == ""
    assert content["schema"] == "whichmin.doctor/1"
    assert content["holds"] is True


@effect("verify", "verify --select", "verify --seed", "verify --examples", "verify --format",
        "verify --output")  # fmt: skip
def _(done="verify", here="verify, chance", other="verify, other seed", more="verify more"):
    (evidence,) = done.json["evidence"]
    assert done.json["schema"] == "whichmin.verify/2"
    assert evidence["check"] == "landscape.sample_forms"
    assert (evidence["seed"], evidence["holds"]) == (1, True)
    # A margin of chance, counted: one of rounding may be the same for both seeds.
    ((chance,), (elsewhere,)) = here.json["evidence"], other.json["evidence"]
    assert (chance["seed"], elsewhere["seed"]) == (1, 2)
    assert elsewhere["worst"] != chance["worst"]
    (row,) = csv.DictReader(io.StringIO((more.folder / "evidence.csv").read_text()))
    assert int(row["cases"]) > evidence["cases"]
    assert more.out == ""


@effect("verify --deep", "verify --record")
def _(done="verify deep"):
    (evidence,) = done.json["evidence"]
    assert evidence["deep"] is True
    content = json.loads((done.folder / "walk.json").read_text())
    assert list(content["checks"]) == ["walk.increments"]


@effect("verify --topic")
def _(done="verify, topic"):
    ids = [e["check"] for e in done.json["evidence"]]
    assert len(ids) > 1
    kinds = {name.removeprefix("attack.").partition(".")[0] for name in ids}
    assert kinds <= {"batches", "kernel", "sgd"}


@effect("verify --jobs")
def _(done="verify, no process"):
    """More processes find the same, as the runner's tests show: the effect is a refusal."""
    assert "jobs = 0, but must be" in done.err


@effect("prove", "prove --fresh", "prove --deep", "prove --jobs", "prove --format",
        "prove --output")  # fmt: skip
def _(done="prove, no process"):
    """To compile takes minutes, and Coq: what the options do is seen in test_prove.py."""
    assert "jobs = 0, but must be at least 1" in done.err
    assert not (done.folder / "proofs.json").exists()


@effect("mutants", "mutants --select", "mutants --seed", "mutants --format", "mutants --output")
def _(done="mutants", kept="mutants kept"):
    assert done.json["provenance"]["seed"] == 1
    (row,) = done.json["tables"][0]["rows"]
    assert row["id"] == "loss.root"
    assert kept.out == ""
    (line,) = csv.DictReader(io.StringIO((kept.folder / "killed.csv").read_text()))
    assert line["id"] == "loss.root"


@effect("claims", "claims --id", "claims --topic", "claims --source", "claims --verdict",
        "claims --format", "claims --output")  # fmt: skip
def _(every="claims", some="claims, some"):
    assert some.out == ""
    rows = list(csv.DictReader(io.StringIO((some.folder / "claims.csv").read_text())))
    wanted = [
        c["id"] for c in every.json["claims"]
        if "walk" in c["id"] and c["topic"] == "sgd" and c["verdict"] == "REFUTED"
        and "article2025" in str(c["source"])
    ]  # fmt: skip
    assert [row["id"] for row in rows] == wanted
    assert 3 <= len(wanted) < len(every.json["claims"])


@effect("claims show", "claims show --run", "claims show --seed", "claims show --format")
def _(kept="claim", again="claim again"):
    assert kept.json["id"] == again.json["id"] == "gd.limit"
    assert {e["seed"] for e in kept.json["evidence"]} == {0}
    assert {e["seed"] for e in again.json["evidence"]} == {5}


@effect("table sharpness")
def _(done="table"):
    assert "(n + 4 - k)/m" in done.out


@effect("table sharpness --m", "table sharpness --n", "table sharpness --positive")
def _(done="measured", other="measured, other sizes"):
    # ReLU, kappa = 0, GD keeps the k positive points: trace (n + 4 - k) / m.
    for run, value in ((done, (5 + 4 - 2) / 3), (other, (7 + 4 - 3) / 4)):
        (row,) = (r for r in run.csv if (r["activation"], r["minimum"]) == ("relu", "GD")
                  and r["quantity"] == "trace, κ=0")  # fmt: skip
        assert float(row["evaluated"]) == pytest.approx(value, abs=1e-15)
        assert float(row["measured"]) == pytest.approx(value, abs=1e-6)


@effect("table sharpness --seed", "table sharpness --frame", "table sharpness --format",
        "table sharpness --output")  # fmt: skip
def _(done="measured", other="measured, other seed", random="measured elsewhere"):
    content = json.loads((random.folder / "t.json").read_text())
    assert content["schema"].startswith("whichmin.")
    assert "random frame, seed 1" in content["tables"][1]["title"]
    measured = [row["measured"] for row in done.csv]
    assert measured != [row["measured"] for row in other.csv]
    assert measured != [str(row["measured"]) for row in content["tables"][1]["rows"]]


@effect("table noise")
def _(done="noise"):
    assert "(1 - Q)/m" in done.out


@effect("table noise --m", "table noise --n", "table noise --positive",
        "table noise --batch-size", "table noise --format")  # fmt: skip
def _(done="noise measured"):
    _, compared, along = done.json["tables"]
    assert "m = 3, n = 5, 2 positive, b = 2, standard frame" in compared["title"]
    assert all(row["margin"] <= 1 for row in compared["rows"])
    for row in along["rows"]:  # (m - b)/(b (m - 1)) and 1/b of B_simple
        assert row["noise/signal without"] == pytest.approx(row["B_simple"] / 4, rel=1e-15)
        assert row["noise/signal with"] == pytest.approx(row["B_simple"] / 2, rel=1e-15)
    spectra = [row["measured"] for row in compared["rows"] if "spectrum" in row["quantity"]]
    assert [len(values) for values in spectra] == [5] * 4
    # ReLU, GD: two points of three stay, so one direction is noisy.
    assert [sum(v > 1e-6 for v in values) for values in spectra] == [2, 0, 1, 0]


@effect("table noise --seed", "table noise --frame", "table noise --output")
def _(elsewhere="noise elsewhere", other="noise measured"):
    content = json.loads((elsewhere.folder / "noise.json").read_text())
    assert elsewhere.out == ""
    assert "random frame, seed 2" in content["tables"][1]["title"]
    starts = [tables[2]["rows"][0]["B_simple"] for tables in (content["tables"],
                                                              other.json["tables"])]  # fmt: skip
    assert starts[0] != starts[1]


@effect("table sharpness --epsilon", "table sharpness --radius")
def _(done="measures", other="measures, other box"):
    # Linear, a single point: q = (1 + 2 eps)^2 + 2 eps^2, rest 2 eps^2; 2m = 6, 1 + L* = 8/6.
    for run, eps, r in ((done, 1e-3, 0.05), (other, 1e-2, 0.1)):
        rows = {
            row["measure"]: row for row in run.json["tables"][3]["rows"]
            if (row["activation"], row["minimum"]) == ("linear", "SGD")
        }  # fmt: skip
        q = (1 + 2 * eps) ** 2 + 2 * eps**2
        value = 100 * ((q - 1) ** 2 + 2 * eps**2 * q) / 8
        assert rows["Keskar, whole space"]["evaluated"] == pytest.approx(value, rel=1e-9)
        assert rows["Keskar, whole space"]["measured"] == pytest.approx(value, rel=1e-6)
        value = (2 * r + r**2) ** 2 / 6
        assert rows["SAM, worst case"]["evaluated"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("option", COVER.effects)
def test_effect(option, ran):
    COVER.look(option, ran)
