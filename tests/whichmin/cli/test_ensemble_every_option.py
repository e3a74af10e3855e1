"""Every option of ``whichmin ensemble`` and ``whichmin bench``: its effect is seen in a process."""

import csv
import io
import json
import re

import numpy as np
import pytest
from every_option import Cover

SIZE = "--m 3 --n 5"
OWN = f"{SIZE} --frame standard --start start.csv"
# Not auto: it would say that it compiles, the first time.
MANY = "ensemble --engine reduced"
RUNS = {
    "predict": (f"predict {SIZE} -b full -b 1 --seed 2 --step-size 0.2 -f json", 0),
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
    "bench": (
        "bench --m 3 --n 5 -b 2 --step-size 0.2 --replicas 6 --rounds 2 --seconds 0.1 "
        "--contender reduced --seed 1 -f json", 0
    ),
    "bench longer": ("bench --seconds 4 --contender reduced --seed 2 -f json -o bench.json", 0),
}  # fmt: skip
COVER = Cover(RUNS)
effect, ran = COVER.effect, COVER.fixture()


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


@pytest.mark.parametrize("option", COVER.effects)
def test_effect(option, ran):
    COVER.look(option, ran)
