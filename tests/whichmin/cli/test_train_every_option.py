"""Every option of ``whichmin train`` and ``whichmin predict``: its effect is seen in a process."""

import csv
import io
import re

import numpy as np
import pytest
from every_option import START, Cover

from whichmin.core.training.trajectory import load_trajectory

SIZE = "--m 3 --n 5"
OWN = f"{SIZE} --frame standard --start start.csv"
SLOW = f"train {SIZE} -b 1 --seed 2 --engine autograd --step-size 0.01 --max-steps 1500"
RUNS = {
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
}  # fmt: skip
COVER = Cover(
    RUNS,
    after={"resumed": ["saved often"]},
    watched={"saved often": "often.npz", "saved twice": "twice.npz"},
)
effect, ran = COVER.effect, COVER.fixture()


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


@pytest.mark.parametrize("option", COVER.effects)
def test_effect(option, ran):
    COVER.look(option, ran)
