"""Every command and every option, as a process: each is seen to have its effect.

(Those of ``whichmin plot``: test_plot_every_option.py.)

To cover a new option, add a run with it to RUNS (or the option to a run that is there) and a
function decorated with @effect that says what it changed. A meta-test names what is not covered.
"""

import csv
import inspect
import io
import json
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pytest
import warm
from click.core import ParameterSource

from whichmin.cli import cli
from whichmin.cli.help import every_command
from whichmin.core.trajectory import load_trajectory

SIZE = "--m 3 --n 5"
OWN = f"{SIZE} --frame standard --start start.csv"
SLOW = f"train {SIZE} -b 1 --seed 2 --engine autograd --step-size 0.01 --max-steps 1500"
CHECK = "verify --select landscape.sample"
TABLE = "table sharpness"
# Not auto: it would say that it compiles, the first time.
MANY = "ensemble --engine reduced"
# name: (arguments, exit code). One folder for all of them; see `inputs` for what lies there.
RUNS = {
    "version": ("--version", 0),
    "no command": ("", 2),
    "completion": ("completion zsh", 0),
    "doctor": ("doctor -f json -o doctor.json", 0),
    "predict": (f"predict {SIZE} -b full -b 1 --seed 2 --step-size 0.2 -f json", 0),
    "predict looser": (
        f"predict {SIZE} -b full --seed 2 --tolerance 1e-4 -f csv -o looser.csv", 0
    ),
    "predict linear": (f"predict {OWN} -b full --activation linear -f json", 0),
    "predict cyclic": (f"predict {OWN} -b 1 --sampling cyclic -f json", 0),
    "predict own batches": (f"predict {OWN} --batches cycle.csv -f json", 0),
    "predict raw": ("predict raw.npz --key rows --as-is -b full -f json", 0),
    "predict qr": ("predict raw.npz --key rows --orthonormalise qr -b full -f json", 0),
    "predict digits": ("predict --dataset digits --label 3 --m 4 --whiten -b full -f json", 0),
    "train": (f"train {SIZE} -b full -b 1 --seed 2 -f json", 0),
    "train again": (f"train {SIZE} -b full -b 1 --seed 2 -f json -o train.json", 0),
    "other seed": (f"train {SIZE} -b full -b 1 --seed 3 -f json", 0),
    "own start": (f"train {OWN} -b full -f json", 0),
    "linear": (f"train {OWN} -b full --activation linear -f json", 0),
    "larger step": (f"train {SIZE} -b full -b 1 --seed 2 --step-size 0.2 -f csv", 0),
    "looser": (f"train {SIZE} -b full -b 1 --seed 2 --tolerance 1e-4 -f json", 0),
    "cyclic": (f"train {OWN} -b 1 --sampling cyclic --max-steps 600 -f json", 1),
    "own batches": (f"train {OWN} --batches cycle.csv --max-steps 600 -f json", 1),
    "few steps": (
        f"train {SIZE} -b 1 --seed 2 --max-steps 7 --replicas 3 --activation linear "
        "-f json", 1,
    ),
    "autograd": (f"train {SIZE} -b full -b 1 --seed 2 --engine autograd --device cpu:0 -f json", 0),
    "no such device": (f"train {SIZE} --device cuda:99", 2),
    "single precision": (
        f"train {SIZE} -b full --seed 2 --tolerance 1e-4 --dtype float32 -f json", 0
    ),
    "raw refused": ("train raw.npz --key rows", 2),
    "raw as it is": ("train raw.npz --key rows --as-is -b full -f json", 1),
    "polar": ("train raw.npz --key rows --orthonormalise polar -b full -f json", 0),
    "qr": ("train raw.npz --key rows --orthonormalise qr -b full -f json", 0),
    "digits": (
        "train --dataset digits --label 3 --m 4 --orthonormalise polar -b full -f json", 0
    ),
    "whitened": ("train raw.npz --key rows --whiten -b full -f json", 1),
    "recorded": (
        f"train {SIZE} -b full --seed 2 --record path.npy --record-every 50 -f markdown", 0
    ),
    "saved often": (f"{SLOW} --checkpoint often.npz --checkpoint-every 0.02 -f json", 1),
    "saved twice": (f"{SLOW} --checkpoint twice.npz --checkpoint-every 500 -f latex", 1),
    "resumed": ("train --resume often.npz -f json", 1),
    "ensemble": (f"{MANY} {SIZE} -b full -b 1 --seed 2 --step-size 0.3 --replicas 6 -f json", 0),
    "ensemble linear": (
        f"{MANY} {SIZE} -b 1 --seed 2 --step-size 0.3 --replicas 6 --activation linear "
        "--tolerance 1e-4 -f json", 0,
    ),
    "ensemble grid": (
        f"{MANY} {OWN} -b 1 -b 2 --step-size 0.3 --step-size 0.4 --replicas 9 --observable steps "
        "--observable norm -f csv -o cells.csv", 0,
    ),
    "ensemble, common start": (
        f"{MANY} {SIZE} --common-start -b 1 --seed 2 --step-size 0.3 --replicas 6 -f json", 0
    ),
    "ensemble, few steps": (
        f"ensemble {SIZE} -b 1 --seed 2 --max-steps 7 --check-every 5 --replicas 9 --block 4 "
        "--engine dense --sampling cyclic --device cpu:0 -f json", 0,
    ),
    "ensemble raw": ("ensemble raw.npz --key rows --as-is -b full --replicas 3 -f json", 0),
    "ensemble qr": (
        f"{MANY} raw.npz --key rows --orthonormalise qr -b full --replicas 3 -f json", 0
    ),
    "ensemble digits": (
        "ensemble --dataset digits --label 3 --m 4 --whiten -b full --replicas 3 --max-steps 5 "
        "--dtype float32 -f json", 0,
    ),
    "verify": (f"{CHECK} --examples 3 --seed 1 -f json", 0),
    "verify, other seed": (f"{CHECK} --examples 3 --seed 2 -f json", 0),
    "verify more": (f"{CHECK} --examples 6 --seed 1 -f csv -o evidence.csv", 0),
    "verify deep": ("verify --select walk.increments --deep --record walk.json -f json", 0),
    "mutants": ("mutants --select loss.root --seed 1 -f json", 0),
    "mutants kept": ("mutants --select loss.root -f csv -o killed.csv", 0),
    "claims": ("claims -f json", 0),
    "claims, some": ("claims --id walk --source 000 --verdict refuted -f csv -o claims.csv", 0),
    "claim": ("claims show gd.limit -f json", 0),
    "claim again": ("claims show gd.limit --run --seed 5 -f json", 0),
    "bench": (
        "bench --m 3 --n 5 -b 2 --step-size 0.2 --replicas 6 --rounds 2 --seconds 0.1 "
        "--contender reduced --seed 1 -f json", 0
    ),
    "bench longer": ("bench --seconds 4 --contender reduced --seed 2 -f json -o bench.json", 0),
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
AFTER = {"resumed": ["saved often"]}
WATCHED = {"saved often": "often.npz", "saved twice": "twice.npz"}

START = np.array([0.3, 0.2, -0.25, 0.1, 0.2])
ROWS = np.array([[1.0, 0.2, 0.0, 0.1], [0.3, 1.1, 0.1, 0.0], [0.0, 0.4, 0.9, 0.2]])
EFFECTS = {}


def inputs(folder):
    np.savetxt(folder / "start.csv", START[None], delimiter=",")
    np.savetxt(folder / "cycle.csv", np.arange(3000)[:, None] % 3, fmt="%d", delimiter=",")
    np.savez(folder / "raw.npz", rows=ROWS, other=np.zeros((2, 2)))


def effect(*options):
    """Register a function that says what options change; its parameters name runs."""

    def register(function):
        for option in options:
            assert option not in EFFECTS
            EFFECTS[option] = function
        return function

    return register


@dataclass
class Done:
    code: int
    out: str
    err: str
    folder: Path
    saves: int = 0

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def csv(self):
        return list(csv.DictReader(io.StringIO(self.out)))

    def column(self, name):
        """One value per run, from JSON."""
        return [row[name] for row in self.json["tables"][0]["rows"]]

    def recipes(self, name):
        return [recipe[name] for recipe in self.json["recipes"]]


def execute(name, folder):
    arguments, expected = RUNS[name]
    if name in WATCHED:
        return watch(name, folder)
    done = warm.command(shlex.split(arguments), folder)
    return checked(Done(done.returncode, done.stdout, done.stderr, folder), expected)


def watch(name, folder):
    """A run with the number of times that it writes a file."""
    arguments, expected = RUNS[name]
    out, err = (folder / f"{name}.{stream}" for stream in ("out", "err"))
    seen = set()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "whichmin", *shlex.split(arguments)],
            cwd=folder, stdout=stdout, stderr=stderr,
        )  # fmt: skip
        began = time.monotonic()
        while process.poll() is None and time.monotonic() < began + 90:
            watched = folder / WATCHED[name]
            if watched.exists():
                seen.add(watched.stat().st_mtime_ns)
            time.sleep(0.002)
        code = process.wait(timeout=90)
    return checked(Done(code, out.read_text(), err.read_text(), folder, len(seen)), expected)


def checked(done, expected):
    assert expected is None or done.code == expected, done.err
    assert "Traceback" not in done.err
    if done.code != 2:
        wrote = [line for line in done.err.splitlines() if line.startswith("wrote ")]
        assert done.err.splitlines() == wrote
    return done


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Give the results of runs by name; each is executed once, two at a time."""
    folder = tmp_path_factory.mktemp("every-option")
    inputs(folder)
    done = {}

    def get(names):
        for wave in ([n for name in names for n in AFTER.get(name, [])], names):
            missing = [name for name in dict.fromkeys(wave) if name not in done]
            with ThreadPoolExecutor(2) as pool:
                results = list(pool.map(lambda name: execute(name, folder), missing))
            done.update(zip(missing, results, strict=True))
        return [done[name] for name in names]

    return get


def names_of(function):
    return [p.default for p in inspect.signature(function).parameters.values()]


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


@effect("predict", "predict --m", "predict --n", "predict --seed", "predict --batch-size",
        "predict --step-size", "predict --format")  # fmt: skip
def _(done="predict", taken="larger step"):
    assert done.json["schema"] == "whichmin.predict/1"
    assert done.json["tables"][0]["notes"] == ["data: random orthonormal frame, m=3, n=5, seed 2"]
    gd, sgd = taken.csv
    assert done.column("steps")[0] == int(gd["steps"]), "predict and train mean the same run"
    assert done.column("minimum")[0] == f"a mixture of {', '.join(gd['active set'].split())}"
    assert done.column("minimum")[1].startswith("one of data points ")
    assert sgd["closest data point"] in done.column("minimum")[1]


@effect("predict --tolerance", "predict --output")
def _(done="predict looser", taken="looser", tight="train"):
    (row,) = csv.DictReader(io.StringIO((done.folder / "looser.csv").read_text()))
    assert float(row["steps"]) == taken.column("steps")[0] < tight.column("steps")[0]
    assert done.out == ""


@effect("predict --frame", "predict --start", "predict --activation")
def _(done="predict linear", taken="linear"):
    assert done.json["tables"][0]["notes"] == ["data: standard basis, m=3, n=5"]
    assert done.column("minimum") == ["a mixture of 0, 1, 2"], "ReLU would leave out point 2"
    assert done.column("steps") == taken.column("steps")


@effect("predict --sampling", "predict --batches")
def _(cyclic="predict cyclic", own="predict own batches"):
    titles = [run.json["tables"][0]["title"].rsplit(", ")[-1] for run in (cyclic, own)]
    assert titles == ["cyclic", "custom"]
    assert "expected to win" in cyclic.out
    assert own.column("minimum") == cyclic.column("minimum") == ["one of data points 0, 1"]


@effect("predict --key", "predict --as-is", "predict --orthonormalise")
def _(raw="predict raw", qr="predict qr", taken="qr"):
    assert raw.column("minimum") == ["not predicted"]
    assert "taken as it is" in raw.json["tables"][0]["notes"][0]
    assert qr.column("status") == ["converged"]
    assert qr.json["tables"][0]["notes"] == taken.json["tables"][0]["notes"]
    assert qr.column("steps") == taken.column("steps")


@effect("train", "train --m", "train --n", "train --batch-size")
def _(done="train"):
    content = done.json
    assert content["schema"] == "whichmin.train/1"
    assert content["tables"][0]["notes"] == ["data: random orthonormal frame, m=3, n=5, seed 2"]
    assert done.column("batch size") == [3, 1], "the full batch has m points"
    assert max(done.column("closest data point")) < 3
    assert done.column("status") == ["converged"] * 2
    assert len(done.column("active set")[0]) > len(done.column("active set")[1]) == 1


@effect("train --seed", "train --output")
def _(done="train", again="train again", other="other seed"):
    assert (again.folder / "train.json").read_text() == done.out, "the same seed, the same output"
    assert again.out == ""
    assert again.err == "wrote train.json\n"
    assert other.recipes("seed") == [3, 3]
    assert other.column("cosine with start") != done.column("cosine with start")


def gd_limit(keep):
    """Normalised projection of the start on the points kept, standard basis."""
    limit = np.where(keep, START[:3], 0)
    return limit / np.linalg.norm(limit)


@effect("train --start", "train --frame")
def _(done="own start", random="train"):
    expected = gd_limit(START[:3] > 0) @ START[:3] / np.linalg.norm(START)
    assert done.column("cosine with start") == [pytest.approx(expected, abs=1e-5)]
    assert done.column("active set") == [[0, 1]]
    assert done.json["tables"][0]["notes"][0] == "data: standard basis, m=3, n=5"
    assert random.json["tables"][0]["notes"][0].startswith("data: random orthonormal frame")


@effect("train --activation")
def _(relu="own start", linear="linear"):
    expected = gd_limit(True) @ START[:3] / np.linalg.norm(START)
    assert linear.column("cosine with start") == [pytest.approx(expected, abs=1e-5)]
    assert (relu.column("active set"), linear.column("active set")) == ([[0, 1]], [[0, 1, 2]])


@effect("train --format")
def _(machine="train", comma="larger step", marked="recorded", tex="saved twice"):
    assert machine.json["schema"] == "whichmin.train/1"
    assert [row["batch size"] for row in comma.csv] == ["3", "1"]
    assert marked.out.startswith("**Which minimum?")
    assert r"\begin{tabular}" in tex.out


@effect("train --step-size")
def _(done="train", larger="larger step"):
    steps = [int(row["steps"]) for row in larger.csv]
    assert all(0 < s < before for s, before in zip(steps, done.column("steps"), strict=True))


@effect("train --tolerance")
def _(done="train", looser="looser"):
    assert all(map(int.__lt__, looser.column("steps"), done.column("steps")))
    assert looser.column("loss gap")[0] > 1e-12 >= done.column("loss gap")[0]


@effect("train --sampling", "train --batches")
def _(cyclic="cyclic", own="own batches"):
    assert cyclic.recipes("sampling") == ["cyclic"]
    assert own.recipes("sampling") == ["custom"]
    # The rows of cycle.csv are the cyclic order, so all numbers have the same bits.
    for name in ("steps", "loss", "cosine with it", "cosine with start", "off-winner mass"):
        assert own.column(name) == cyclic.column(name)


@effect("train --max-steps", "train --replicas")
def _(done="few steps"):
    assert done.column("steps") == [7, 7, 7]
    assert done.column("replica") == [0, 1, 2]
    assert done.column("status") == ["step limit"] * 3
    assert len(set(done.column("loss"))) == 3


@effect("train --engine", "train --device")
def _(done="train", autograd="autograd", absent="no such device"):
    assert done.recipes("engine") == ["reduced"] * 2
    assert autograd.recipes("engine") == ["autograd"] * 2
    assert autograd.recipes("device") == ["cpu"] * 2
    assert autograd.column("loss") == pytest.approx(done.column("loss"), abs=1e-10)
    assert "'cuda:99' is missing" in absent.err


@effect("train --dtype")
def _(single="single precision", double="looser"):
    assert single.json["provenance"]["dtype"] == "float32"
    short, full = single.column("loss")[0], double.column("loss")[0]
    assert short == float(np.float32(short))
    assert full != float(np.float32(full))
    assert short == pytest.approx(full, abs=1e-6)


@effect("train --key", "train --as-is")
def _(refused="raw refused", taken="raw as it is"):
    assert "the rows must be orthonormal" in refused.err
    (note, *_) = taken.json["tables"][0]["notes"]
    assert "data: raw.npz, m=3, n=4" in note
    assert "taken as it is" in note
    assert taken.column("status") == ["stationary"]


@effect("train --orthonormalise")
def _(polar="polar", qr="qr"):
    assert "orthonormalised (polar)" in polar.json["tables"][0]["notes"][0]
    assert "orthonormalised (qr)" in qr.json["tables"][0]["notes"][0]
    assert polar.column("cosine with start") != qr.column("cosine with start")


@effect("train --dataset", "train --label")
def _(done="digits"):
    described, images, *_ = done.json["tables"][0]["notes"]
    assert described.startswith("data: digits with label 3 (")
    assert "m=4, n=64" in described
    assert re.findall(r" \d+ \((\d)\)", images) == ["3"] * 4, "the labels of four images"
    assert len(set(re.findall(r" (\d+) \(", images))) == 4


@effect("train --whiten")
def _(done="whitened", raw="raw as it is"):
    assert "centred and whitened" in done.json["tables"][0]["notes"][0]
    assert done.column("loss") != raw.column("loss")
    # Centred rows sum to 0, so that of their inner products with any weights some are negative.
    assert 0 < len(done.column("active set")[0]) < len(raw.column("active set")[0]) == 3


@effect("predict --dataset", "predict --label", "predict --whiten")
def _(done="predict digits", taken="digits"):
    described, images, *_ = done.json["tables"][0]["notes"]
    assert described.startswith("data: digits with label 3 (")
    assert "centred and whitened" in described
    assert images == taken.json["tables"][0]["notes"][1], "the same images as in training"


@effect("train --record", "train --record-every")
def _(done="recorded", machine="train"):
    path = load_trajectory(done.folder / "path.npy")
    steps = path.steps.tolist()
    last = machine.column("steps")[0]
    assert steps == sorted({*range(0, last, 50), last})
    assert path.correlations.shape == (len(steps), 1, 3)


@effect("train --checkpoint", "train --checkpoint-every", "train --resume")
def _(often="saved often", twice="saved twice", resumed="resumed"):
    assert resumed.out == often.out, "taken up at its end, a run gives its result again"
    assert 1 <= twice.saves <= 2 < often.saves, "at the beginning, at the end, and in between"


@effect("ensemble", "ensemble --m", "ensemble --n", "ensemble --batch-size", "ensemble --replicas",
        "ensemble --format")  # fmt: skip
def _(done="ensemble"):
    assert done.json["schema"] == "whichmin.ensemble/1"
    assert done.json["partial"] is False
    notes = done.json["tables"][0]["notes"]
    assert notes[0] == "data: random orthonormal frame, m=3, n=5, seed 2"
    assert done.column("batch size") == [3, 1, None]
    assert done.column("replicas") == [6, 6, 12]
    cells = done.json["cells"]
    assert [c["replicas_asked_for"] for c in cells] == [6, 6]
    assert [c["mixtures"] > 0 for c in cells] == [True, False]
    assert sum(cells[1]["winners"]["positive"]) == cells[1]["status"]["converged"] > 0


@effect("ensemble --activation", "ensemble --tolerance", "ensemble --engine", "ensemble --seed")
def _(linear="ensemble linear", relu="ensemble", dense="ensemble, few steps"):
    assert sum(linear.json["cells"][0]["winners"]["negative"]) > 0
    assert sum(relu.json["cells"][1]["winners"]["negative"]) == 0
    assert linear.column("steps, 50 %")[0][1] < relu.column("steps, 50 %")[1][0]
    assert [run.json["settings"]["engine"] for run in (linear, dense)] == ["reduced", "dense"]
    assert relu.json["provenance"]["seed"] == relu.json["settings"]["seed"] == 2


@effect("ensemble --step-size", "ensemble --start", "ensemble --frame", "ensemble --observable",
        "ensemble --output")  # fmt: skip
def _(done="ensemble grid"):
    rows = list(csv.DictReader(io.StringIO((done.folder / "cells.csv").read_text())))
    assert [(r["batch size"], r["step size"]) for r in rows] == [
        ("1", "0.3"), ("1", "0.4"), ("2", "0.3"), ("2", "0.4"), ("", ""),
    ]  # fmt: skip
    assert done.err == "wrote cells.csv\n"
    assert float(rows[1]["steps, 50 %"].split()[0]) < float(rows[0]["steps, 50 %"].split()[0])
    assert sum(int(r["at one data point"]) for r in rows[:4]) == 36


@effect("ensemble --common-start")
def _(done="ensemble, common start", random="ensemble", taken="predict"):
    assert done.json["settings"]["start"] == "common"
    assert random.json["settings"]["start"] == "random directions of norm 1/2"
    who = done.json["tables"][1]["rows"]
    assert sum(row["predicted"] for row in who) == pytest.approx(1)
    candidates = {row["data point"] for row in who}
    named = taken.column("minimum")[1].removeprefix("one of data points ").split(", ")
    assert candidates == set(named), "the start is that of predict"


@effect("ensemble --max-steps", "ensemble --check-every", "ensemble --block", "ensemble --sampling",
        "ensemble --device")  # fmt: skip
def _(done="ensemble, few steps"):
    (cell,) = done.json["cells"]
    settings = done.json["settings"]
    assert (settings["sampling"], settings["device"]) == ("cyclic", "cpu")
    assert (cell["check_every"], settings["max_steps"]) == (5, 7)
    assert cell["observables"]["steps"]["maximum"] == 7
    assert cell["replicas"] == 9, "two blocks of four, and one"


@effect("ensemble --key", "ensemble --as-is", "ensemble --orthonormalise")
def _(raw="ensemble raw", qr="ensemble qr"):
    assert raw.column("stationary")[0] + raw.json["cells"][0]["status"]["dead neuron"] == 3
    assert "taken as it is" in raw.json["tables"][0]["notes"][0]
    assert "orthonormalised (qr)" in qr.json["tables"][0]["notes"][0]
    assert qr.json["cells"][0]["status"]["converged"] > 0


@effect("ensemble --dataset", "ensemble --label", "ensemble --whiten", "ensemble --dtype")
def _(done="ensemble digits"):
    described, images, *_ = done.json["tables"][0]["notes"]
    assert described.startswith("data: digits with label 3 (")
    assert "centred and whitened" in described
    assert re.findall(r" \d+ \((\d)\)", images) == ["3"] * 4
    value = done.json["total"]["observables"]["norm"]["minimum"]
    assert done.json["settings"]["dtype"] == "float32"
    assert value == float(np.float32(value))


@effect("verify", "verify --select", "verify --seed", "verify --examples", "verify --format",
        "verify --output")  # fmt: skip
def _(done="verify", other="verify, other seed", more="verify more"):
    (evidence,) = done.json["evidence"]
    assert done.json["schema"] == "whichmin.verify/2"
    assert evidence["check"] == "landscape.sample_forms"
    assert (evidence["seed"], evidence["holds"]) == (1, True)
    (elsewhere,) = other.json["evidence"]
    assert elsewhere["seed"] == 2
    assert elsewhere["worst"] != evidence["worst"]
    (row,) = csv.DictReader(io.StringIO((more.folder / "evidence.csv").read_text()))
    assert int(row["cases"]) > evidence["cases"]
    assert more.out == ""


@effect("verify --deep", "verify --record")
def _(done="verify deep"):
    (evidence,) = done.json["evidence"]
    assert evidence["deep"] is True
    content = json.loads((done.folder / "walk.json").read_text())
    assert list(content["checks"]) == ["walk.increments"]


@effect("mutants", "mutants --select", "mutants --seed", "mutants --format", "mutants --output")
def _(done="mutants", kept="mutants kept"):
    assert done.json["provenance"]["seed"] == 1
    (row,) = done.json["tables"][0]["rows"]
    assert row["id"] == "loss.root"
    assert kept.out == ""
    (line,) = csv.DictReader(io.StringIO((kept.folder / "killed.csv").read_text()))
    assert line["id"] == "loss.root"


@effect("claims", "claims --id", "claims --source", "claims --verdict", "claims --format",
        "claims --output")  # fmt: skip
def _(every="claims", some="claims, some"):
    assert some.out == ""
    rows = list(csv.DictReader(io.StringIO((some.folder / "claims.csv").read_text())))
    wanted = [
        c["id"] for c in every.json["claims"]
        if "walk" in c["id"] and c["verdict"] == "REFUTED" and "000" in str(c["source"])
    ]  # fmt: skip
    assert [row["id"] for row in rows] == wanted
    assert 3 <= len(wanted) < len(every.json["claims"])


@effect("claims show", "claims show --run", "claims show --seed", "claims show --format")
def _(kept="claim", again="claim again"):
    assert kept.json["id"] == again.json["id"] == "gd.limit"
    assert {e["seed"] for e in kept.json["evidence"]} == {0}
    assert {e["seed"] for e in again.json["evidence"]} == {5}


@effect("bench", "bench --m", "bench --n", "bench --batch-size", "bench --step-size",
        "bench --replicas", "bench --rounds", "bench --contender", "bench --format")  # fmt: skip
def _(done="bench"):
    described = {"m": 3, "n": 5, "batch_size": 2, "step_size": 0.2, "activation": "relu"}
    assert done.json["schema"] == "whichmin.bench/1"
    assert done.json["workload"] == described
    assert {c["contender"] for c in done.json["contenders"]} == {"published", "reduced"}
    assert {c["replicas"] for c in done.json["contenders"]} == {1, 6}
    assert {len(c["ratios"]) for c in done.json["contenders"]} == {2}


@effect("bench --seconds", "bench --seed", "bench --output")
def _(done="bench", longer="bench longer"):
    content = json.loads((longer.folder / "bench.json").read_text())
    assert longer.out == ""
    assert [c["provenance"]["seed"] for c in (done.json, content)] == [1, 2]
    # 40 times as long; a machine that is busy at times makes no tenfold difference.
    steps = [c["contenders"][0]["steps_per_round"] for c in (done.json, content)]
    assert steps[1] > 2 * steps[0]


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


@pytest.mark.parametrize("option", EFFECTS)
def test_effect(option, ran):
    function = EFFECTS[option]
    function(*ran(names_of(function)))


def given(arguments):
    """Names of what a line of arguments uses: each command, and each option as typed in full."""
    command, path, rest = cli, [], shlex.split(arguments)
    found = {""}
    while True:
        context = command.make_context("whichmin", rest, resilient_parsing=True)
        for option in command.params:
            source = context.get_parameter_source(option.name or "")
            if isinstance(option, click.Option) and (
                source is ParameterSource.COMMANDLINE or option.opts[0] in rest[:1]
            ):
                found.add(" ".join([*path, longest(option)]))
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or not rest:
            return found
        path.append(rest[0])
        found.add(" ".join(path))
        command, rest = command.commands[rest[0]], rest[1:]


def longest(option):
    return max(option.opts, key=len)


def everything():
    for path, command in every_command(cli):
        if path[:1] == ("plot",):
            continue  # test_plot_every_option.py
        yield " ".join(path)
        for option in command.params:
            if isinstance(option, click.Option):
                yield " ".join([*path, longest(option)])


def test_every_command_and_option_is_covered():
    names = set(everything())
    assert {"train --seed", "train --output", "table sharpness --m", "--version"} <= names
    assert set(EFFECTS) == names


@pytest.mark.parametrize("option", EFFECTS)
def test_an_effect_looks_at_a_run_with_its_option(option):
    assert any(option in given(RUNS[name][0]) for name in names_of(EFFECTS[option]))


def test_the_options_of_a_line_are_recognised():
    assert given("train -b 1 --as-is x.npy") == {
        "", "train", "train --batch-size", "train --as-is",
    }  # fmt: skip
    assert given("table sharpness -f csv") == {"", "table", "table sharpness",
                                               "table sharpness --format"}  # fmt: skip
    assert given("--version") == {"", "--version"}


def test_every_run_is_looked_at_and_there_are_few():
    used = {name for function in EFFECTS.values() for name in names_of(function)}
    assert used == set(RUNS)
    assert len(RUNS) <= 75, "each costs two seconds"
