"""The study on real images, made small: what is measured is what its names say."""

import csv
import importlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from whichmin.core.training.trainer import train
from whichmin.reporting import FORMATS

FOLDER = Path(__file__).parents[2] / "examples"
MODULES = ("real_images", "real_images_report", "real_images_picture")


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(FOLDER))
    yield [importlib.import_module(name) for name in MODULES]
    sys.path.remove(str(FOLDER))
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture(scope="module")
def example(modules):
    return modules[0]


@pytest.fixture(scope="module")
def report(modules):
    return modules[1]


@pytest.fixture(scope="module")
def drawing(modules):
    return modules[2]


@pytest.fixture(scope="module")
def found(example):
    return example.study("digits", m=6, seed=1, starts=3, steps=900)


def test_effective_number(example):
    number = example.effective_number
    assert number(np.array([0.0, -0.3, 0.0])) == pytest.approx(1, rel=1e-15)
    assert number(np.array([[0.2, -0.2, 0.2, 0.0], [2, 0, 0, 2.0]])) == pytest.approx(
        [3, 2], rel=1e-15
    )
    assert number(np.array([2.0, 1.0])) == pytest.approx(25 / 17, rel=1e-15)


def test_every_setting_is_there_once(found, example):
    settings = [(o.handling, o.activation, o.batch_size) for o in found.outcomes]
    assert example.default_batch_sizes(6) == (1, 3, 4, 5, 6)
    assert example.default_batch_sizes(16) == (1, 4, 8, 12, 15, 16)
    assert example.default_batch_sizes(2) == (1, 2)
    assert len(settings) == len(set(settings)) == 4 * 2 * 5
    for o in found.outcomes:
        largest = found.prepared[o.handling].largest
        assert o.step_size == pytest.approx(0.2 * o.batch_size / largest, rel=1e-15)
        assert sum(o.ended.values()) == 3
        assert len(o.cosine) == len(o.effective) == len(o.share) == len(o.closest)
        assert (o.angle is not None) == (o.handling == "raw")


def test_orthonormal_images_are_picked_one_at_a_time_below_the_full_batch(found):
    """The theorem, on frames made of real images.

    Converged: off-winner mass q <= 1e-6, and a gap [(1 - C)^2 + C R] / (2m) <= 1e-6, so R <= 12e-6
    is off the span (m = 6). Hence 1 - cos^2 = (q + R) / N <= 13e-6 for the winner; in the span the
    squares are those of one point and q: (1 + q)^2 / 1 <= 1 + 2e-6.
    """
    for handling in ("polar", "QR"):
        data = found.prepared[handling].data
        assert data.orthonormal
        for activation in ("linear", "relu"):
            *small, full = found.of(handling, activation)
            for o in small:
                assert o.settled == len(o.cosine)
                assert np.all(1 - o.cosine < 6.6e-6)  # N may be 1e-3 below 1
                assert np.all(o.effective - 1 < 2.1e-6)
                assert np.all(o.share == 1)
        # Full batch, linear: the normalised projection of the start.
        c = found.starts @ data.points.numpy().T
        expected = np.abs(c).max(1) / np.linalg.norm(c, axis=1)
        full = found.of(handling, "linear")[-1]
        assert np.all((full.cosine <= expected) & (full.cosine > expected - 6.1e-6))
        number = (c**2).sum(1) ** 2 / (c**4).sum(1)
        assert full.effective == pytest.approx(number, rel=1e-5)


def test_the_full_batch_on_raw_images_finds_the_top_eigenvector(found):
    full = found.of("raw", "linear")[-1]
    values = found.prepared["raw"].data.gram_spectrum[0].numpy() / 6
    # gap = [top (N - 1)^2 + (2 - N) D] / 2 <= 1e-6 and D >= (top - second) sin^2
    assert full.ended == {"converged": 3}
    bound = np.degrees(np.arcsin(np.sqrt(2.1e-6 / (values[-1] - values[-2]))))
    assert np.all(full.angle <= bound)
    for o in found.of("raw", "linear")[:-1]:
        assert o.settled == 0
        assert o.ended == {"step limit": 3}
        assert np.all(o.angle > bound)


def test_whitened_images_are_a_simplex(found, example):
    these = found.prepared["whitened"]
    assert these.top is None
    corner = np.full(6, -1 / 6)
    corner[0] += 1  # the least-norm coefficients of a corner
    assert these.alone == pytest.approx(float(example.effective_number(corner)), rel=1e-12)
    # A ReLU neuron at a corner is at rest for every batch size, the full one included.
    for o in found.of("whitened", "relu"):
        assert o.settled == len(o.cosine)
        assert np.all(o.effective - these.alone < 1e-2)  # gradients of 1e-3 are at rest
    assert all(o.settled == 0 for o in found.of("whitened", "linear")[:-1])


def test_states_are_averaged_over_the_second_half(example, found):
    these = found.prepared["raw"]
    points = these.data.points.numpy()
    start = found.starts[:2]
    options = {"activation": "linear", "batch_size": 2, "step_size": 0.1, "seed": 3}
    result = train(these.data, start, max_steps=60, record_at=10, **options)
    outcome = example.measure("raw", these, result)
    assert outcome.ended == {"step limit": 2}
    top = np.linalg.eigh(points.T @ points)[1][:, -1]
    for r in range(2):
        cosines, angles, numbers, closest = [], [], [], []
        for steps in (40, 50, 60):
            w = train(these.data, start, max_steps=steps, **options).weights[r].numpy()
            unit = w / np.linalg.norm(w)
            each = np.abs(points @ unit) / np.linalg.norm(points, axis=1)
            cosines.append(each.max())
            closest.append(int(each.argmax()))
            angles.append(np.degrees(np.arccos(abs(unit @ top))))
            beta = np.linalg.lstsq(points.T, w, rcond=None)[0]
            numbers.append((beta**2).sum() ** 2 / (beta**4).sum())
        assert outcome.cosine[r] == pytest.approx(np.mean(cosines), abs=1e-12)
        assert outcome.angle[r] == pytest.approx(np.mean(angles), abs=1e-6)  # arccos near 0
        assert outcome.effective[r] == pytest.approx(np.mean(numbers), rel=1e-9)
        assert outcome.share[r] == max(closest.count(k) for k in closest) / 3
        assert outcome.closest[r] == closest[-1]
    assert outcome.last_cosine == pytest.approx(abs(result.cosine[0].item()), rel=1e-15)
    assert not outcome.at_rest


def test_the_sign_of_the_weights_is_that_of_the_closest_point(example, found):
    these = found.prepared["polar"]
    start = -np.abs(found.prepared["polar"].data.points.numpy()[1])[None]
    result = train(these.data, start / 4, activation="linear", step_size=0.2, record_at=[0])
    outcome = example.measure("polar", these, result)
    point = these.data.points[int(outcome.closest[0])].numpy()
    assert outcome.weights @ point == pytest.approx(outcome.last_cosine, abs=2e-6)


def test_dead_neurons_are_counted_and_left_out(example, found, report):
    these = found.prepared["raw"]
    mean = these.data.points.numpy().mean(0)
    options = {"activation": "relu", "batch_size": 6, "step_size": 0.1, "record_at": [0]}
    some = example.measure("raw", these, train(these.data, [-mean / 4, mean / 4], **options))
    assert some.ended == {"dead neuron": 1, "stationary": 1}
    assert some.cosine.shape == some.closest.shape == some.angle.shape == (1,)
    assert some.weights @ mean > 0  # those of the first start that counts
    none = example.measure("raw", these, train(these.data, -mean / 4, **options))
    assert none.ended == {"dead neuron": 1}
    row = list(report._row(none))
    assert row[4] == "1 dead neuron"
    assert [cell.text for cell in row[5:]] == ["-"] * 7
    assert len(row) == len(report.COLUMNS)


def test_tables_state_the_numbers(found, report):
    table = report.observed(found)
    rows = {(r["handling"], r["activation"], r["batch size"]): r for r in table.records()}
    assert len(rows) == 16
    assert rows["polar", "linear", "below 6"]["settled"] == "12 of 12"
    assert rows["polar", "linear", "below 6"]["largest cosine"] == "1.000"
    assert rows["polar", "linear", "6"]["degrees from top"] is None
    assert rows["raw", "linear", "below 6"]["settled"] == "0 of 12"
    small = [o.cosine.mean() for o in found.of("raw", "linear")[:-1]]
    shown = rows["raw", "linear", "below 6"]["largest cosine"]
    assert shown == f"{min(small):.3f} to {max(small):.3f}"
    assert "second half of its 900 steps" in " ".join(table.notes)
    runs = report.document(found).tables[2].records()
    assert len(runs) == len(found.outcomes)
    for record, o in zip(runs, found.outcomes, strict=True):
        assert record["largest cosine"] == pytest.approx(o.cosine.mean(), rel=1e-15)
        assert record["closest images at the end"] == o.closest.tolist()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("brief", [True, False])
def test_every_format(found, report, form, brief):
    text = report.document(found, brief).render(form)
    if form == "json":
        assert len(json.loads(text)["tables"]) == (2 if brief else 4)
    elif form == "csv":
        assert len(list(csv.DictReader(io.StringIO(text)))) == (16 if brief else 40)
    else:
        assert "whitened" in text
        assert "-0.000" not in text


def test_the_same_study_gives_the_same_bytes(example, report, drawing):
    first, second = (
        example.study("mnist", m=3, starts=2, steps=60, batch_sizes=[1, 3]) for _ in range(2)
    )
    assert report.document(first).render("json") == report.document(second).render("json")
    assert drawing.picture(first) == drawing.picture(second)


def test_the_picture_shows_the_images(found, drawing):
    figure = drawing.draw(found)
    images = [a for a in figure.axes if a.images]
    assert len(images) == 4 * (2 + 2 * 4)  # rows; image and start, pairs
    shown = np.asarray(images[0].images[0].get_array())
    assert np.array_equal(shown.ravel(), found.prepared["raw"].data.points[0].numpy())
    start = np.asarray(images[1].images[0].get_array())
    assert np.array_equal(start.ravel(), found.starts[0])
    for axes in images:
        low, high = axes.images[0].get_clim()
        assert low == -high == -np.abs(np.asarray(axes.images[0].get_array())).max()
    full = found.of("raw", "linear")[-1]
    assert np.array_equal(np.asarray(images[2].images[0].get_array()).ravel(), full.weights)
    assert images[2].get_xlabel() == f"cos {full.last_cosine:.3f}"  # settled: no star
    assert images[4].get_xlabel().endswith(" *")
    curve = figure.axes[len(images)].lines[0].get_ydata()
    assert curve == pytest.approx([o.cosine.mean() for o in found.of("raw", "linear")])


def test_pictures_of_all_kinds(found, drawing):
    assert drawing.picture(found, "png").startswith(b"\x89PNG")
    assert drawing.picture(found, "pdf").startswith(b"%PDF")
    svg = drawing.picture(found, "svg")
    assert b"<svg" in svg
    assert len(svg) < 400_000


def test_the_command_line(example, capsys, tmp_path):
    options = ["--m", "4", "--starts", "1", "--steps", "50", "--batch-sizes", "2", "--brief"]
    example.main([*options, "-o", str(tmp_path / "study.png")])
    printed = capsys.readouterr()
    assert printed.out.startswith("Observed: one neuron on 4 images of digits")
    assert printed.err == f"wrote {tmp_path / 'study.png'}\n"
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "study.txt"], "--output = 'study.txt', but must end in one of: .svg, .png, .pdf"),
        (["-o", "no/study.svg"], "--output = 'no/study.svg', but must be in a folder that exists"),
        (["--m", "1"], "m = 1, but must be at least 2"),
        (["--m", "65"], "at most n points can be orthonormal in R^n"),
        (["--starts", "0"], "replicas = 0, but must be an integer >= 1"),
        (["--steps", "1"], "steps = 1, but must be at least 2"),
        (["--batch-sizes", "17"], "batch_size = 17, but must be an integer >= 1 and <= 16"),
        (["--label", "12"], "label = 12, but must be an integer >= 0 and <= 9"),
        (["--dataset", "faces"], "invalid choice: 'faces'"),
    ],
)
def test_refused(example, capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        example.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
