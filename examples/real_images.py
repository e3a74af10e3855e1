"""What a single neuron picks from real images, batch size by batch size.

On orthonormal data full-batch gradient descent ends in a mixture of data points and every smaller
batch in one data point. Real images are correlated. Here m of them are taken raw, whitened, and
orthonormalised in two ways; the neuron is trained from several starts at batch sizes 1 to m; and
what its weights are in the end is measured. The output states what was observed, nothing else.

Run with ``python examples/real_images.py --dataset digits -o study.svg`` (needs the extra
``images``); ``--format markdown`` and others for the tables. Tables and picture are made in
``real_images_report.py`` and ``real_images_picture.py``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from whichmin.core import Data, TrainResult, make_data, random_start, train
from whichmin.datasets import DATASETS, Images, load_images
from whichmin.errors import InputError, WhichminError
from whichmin.reporting import FORMATS, write_bytes
from whichmin.words import Status

Floats = NDArray[np.float64]

HANDLINGS = {"raw": "as-is", "whitened": "whiten", "polar": "polar", "QR": "qr"}
ACTIVATIONS = ("linear", "relu")
# Step size per point of the batch, in units of 1 / (largest eigenvalue of the Gram matrix): 1/5 on
# orthonormal data, the largest value that the theory covers.
RATE = 0.2
# A run has settled when loss gap and squared off-winner mass (or gradients) are below this.
TOLERANCE = 1e-6
# States recorded per run that does not settle; its second half is averaged.
RECORDED = 400


@dataclass(frozen=True)
class Prepared:
    """The data of one handling.

    Attributes:
        data: Data points as rows.
        top: Top eigenvector of the Gram matrix; None where its eigenvalue is not simple.
        alone: Effective number of images in a single data point (1, but for centred data).
    """

    data: Data
    top: Floats | None
    alone: float

    @property
    def largest(self) -> float:
        """Largest eigenvalue of the Gram matrix."""
        return float(self.data.gram_spectrum[0][-1])


@dataclass(frozen=True)
class Outcome:
    """What was measured in the runs of one handling, activation and batch size.

    Runs that settled (converged or stationary) count with their final state, runs that reached the
    step limit with the mean over the states recorded in the second half of their steps. All others
    (dead neurons) are counted in ``ended`` and left out.

    Attributes:
        handling: Name of the handling.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch.
        step_size: Step size.
        ended: Number of starts by status.
        settled: Number of runs that settled.
        cosine: Largest absolute cosine of the weights with a data point, one average per start.
        effective: Effective number of images, one average per start.
        angle: Degrees between weights and top eigenvector, one average per start; None without.
        share: Fraction of the averaged states whose closest image is the most frequent one.
        closest: Closest image at the end, per start.
        weights: Final weights of the first start, with the sign of their largest cosine.
        last_cosine: Absolute cosine of the first start's weights with the closest image.
        at_rest: Whether the first start's run settled.
    """

    handling: str
    activation: str
    batch_size: int
    step_size: float
    ended: dict[str, int]
    settled: int
    cosine: Floats = field(repr=False)
    effective: Floats = field(repr=False)
    angle: Floats | None = field(repr=False)
    share: Floats = field(repr=False)
    closest: NDArray[np.int64] = field(repr=False)
    weights: Floats = field(repr=False)
    last_cosine: float
    at_rest: bool


@dataclass(frozen=True)
class Study:
    """Everything that tables and picture show.

    Attributes:
        images: The images.
        starts: Starting weights, the same for all runs, shape ``(R, n)``.
        prepared: The data, by handling.
        outcomes: Measurements, in the order of the table.
        by_step_size: Raw images, linear, batch size 1, at larger step sizes.
        steps: Step limit of runs on data that is not orthonormal.
        seed: Seed of images, starts and batches.
        rate: Step size over batch size, times the largest eigenvalue of the Gram matrix.
    """

    images: Images
    starts: Floats
    prepared: dict[str, Prepared]
    outcomes: tuple[Outcome, ...]
    by_step_size: tuple[Outcome, ...]
    steps: int
    seed: int
    rate: float = RATE

    def of(self, handling: str, activation: str) -> list[Outcome]:
        """Outcomes of a handling and an activation, by ascending batch size."""
        return [o for o in self.outcomes if (o.handling, o.activation) == (handling, activation)]


def effective_number(coefficients: Floats) -> Floats:
    """Participation ratio ``(sum c^2)^2 / sum c^4`` over the last axis: 1 for one, k for k equal.

    Of the least-norm coefficients of the weights in the data points. On orthonormal data these are
    the correlations; on correlated data the correlations of a single data point with all others
    are not zero and would count as a mixture.
    """
    squares = np.square(coefficients)
    return np.asarray(squares.sum(-1) ** 2 / np.square(squares).sum(-1))


def prepare(points: Floats, handling: str) -> Prepared:
    """Handle the raw images."""
    data = make_data(points, handling=HANDLINGS[handling])
    values, vectors = (x.numpy() for x in data.gram_spectrum)
    # Equal eigenvalues come out up to m eps apart (of 1, their order of magnitude).
    simple = data.m == 1 or values[-1] - values[-2] > 16 * data.m * np.finfo(float).eps * values[-1]
    own = data.gram.numpy() @ data.gram_inverse.numpy()
    alone = float(effective_number(own).mean())
    return Prepared(data, vectors[:, -1] if simple else None, alone)


def measure(handling: str, prepared: Prepared, result: TrainResult) -> Outcome:
    """Measure one batch of runs (see :class:`Outcome`)."""
    data, trajectory = prepared.data, result.trajectory
    assert trajectory is not None
    settled = [s in {Status.CONVERGED, Status.STATIONARY} for s in result.status]
    counted = [r for r, s in enumerate(result.status) if settled[r] or s is Status.STEP_LIMIT]
    over = np.array([settled[r] for r in counted], dtype=bool)
    late = trajectory.steps > trajectory.steps[-1] // 2
    late[-1] = True
    c = trajectory.correlations[late][:, counted]
    c = np.where(over[:, None], c[-1], c)  # a run that is over counts with its final state
    norm = np.sqrt(np.where(over, trajectory.squared_norm[-1, counted],
                            trajectory.squared_norm[late][:, counted]))  # fmt: skip
    cosines = np.abs(c) / norm[..., None] / np.sqrt(data.gram.diagonal().numpy())
    closest = cosines.argmax(-1)
    usual = np.stack([closest == k for k in range(data.m)]).mean(1)
    angle = None
    if prepared.top is not None:
        along = np.abs(c @ prepared.top) / np.sqrt(prepared.largest) / norm
        angle = np.degrees(np.arccos(np.minimum(along, 1))).mean(0)
    first = counted[0] if counted else 0
    return Outcome(
        handling=handling,
        activation=str(result.recipe.activation),
        batch_size=result.recipe.batch_size,
        step_size=result.recipe.step_size,
        ended=dict(sorted(Counter(map(str, result.status)).items())),
        settled=sum(settled),
        cosine=cosines.max(-1).mean(0),
        effective=effective_number(c @ data.gram_inverse.numpy()).mean(0),
        angle=angle,
        share=usual.max(0),
        closest=closest[-1],
        weights=result.weights[first].numpy() * np.sign(result.cosine[first].item()),
        last_cosine=abs(result.cosine[first].item()),
        at_rest=settled[first],
    )


def default_batch_sizes(m: int) -> tuple[int, ...]:
    """About 1, m/4, m/2, 3m/4, m - 1 and m."""
    return tuple(sorted({max(1, b) for b in (1, m // 4, m // 2, 3 * m // 4, m - 1, m)}))


def study(
    dataset: str = "digits",
    m: int = 16,
    label: int | None = None,
    seed: int = 0,
    starts: int = 8,
    steps: int = 6000,
    batch_sizes: Sequence[int] | None = None,
) -> Study:
    """Train and measure.

    Args:
        dataset: ``digits`` or ``mnist``.
        m: Number of images, at least 2.
        label: Only images of this class.
        seed: Seed of images, starts and batches.
        starts: Number of starts.
        steps: Step limit on data that is not orthonormal.
        batch_sizes: By default :func:`default_batch_sizes`.

    Returns:
        The study.

    Raises:
        InputError: An argument is not allowed.
    """
    if m < 2:
        raise InputError("m", m, "must be at least 2: there is nothing to pick from one image")
    if steps < 2:
        raise InputError("steps", steps, "must be at least 2")
    images = load_images(dataset, m, seed, label)
    start = random_start(images.points.shape[1], starts, seed=seed)
    sizes = tuple(sorted(set(batch_sizes or default_batch_sizes(m))))
    prepared = {name: prepare(images.points, name) for name in HANDLINGS}

    def run(handling: str, activation: str, size: int, factor: float = 1) -> Outcome:
        these = prepared[handling]
        free = not these.data.orthonormal
        result = train(
            these.data, start, activation=activation, batch_size=size, seed=seed,
            step_size=factor * RATE * size / these.largest, tolerance=TOLERANCE,
            max_steps=steps if free else None, record_at=max(1, steps // RECORDED) if free else [0],
        )  # fmt: skip
        return measure(handling, these, result)

    outcomes = []
    for handling in HANDLINGS:
        for activation in ACTIVATIONS:
            outcomes += [run(handling, activation, size) for size in sizes]
        if sys.stderr.isatty():
            print(f"{handling}: done", file=sys.stderr)
    # Beyond largest eigenvalue / longest squared length a single step may overshoot.
    longest = float(prepared["raw"].data.gram.diagonal().max())
    factors = np.geomspace(1, max(prepared["raw"].largest / longest, 1), 4)
    by_step_size = tuple(run("raw", "linear", 1, float(f)) for f in factors)
    return Study(images, start, prepared, tuple(outcomes), by_step_size, steps, seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--dataset", choices=DATASETS, default="digits")
    parser.add_argument("--m", type=int, default=16, help="number of images (default: 16)")
    parser.add_argument("--label", type=int, help="only images of this class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--starts", type=int, default=8, help="number of starts (default: 8)")
    parser.add_argument(
        "--steps", type=int, default=6000, help="step limit on correlated data (default: 6000)"
    )
    parser.add_argument("--batch-sizes", type=int, nargs="+", metavar="B")
    parser.add_argument("--brief", action="store_true", help="only what was observed, and the data")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("-o", "--output", help="picture: a file ending in .svg, .png or .pdf")
    options = vars(parser.parse_args(arguments))
    form, output, brief = (options.pop(name) for name in ("format", "output", "brief"))
    try:
        from real_images_picture import picture, suffix_of
        from real_images_report import document

        suffix = "" if output is None else suffix_of(output)
        found = study(**options)
        print(document(found, brief).render(form))
        if output is not None:
            write_bytes(output, picture(found, suffix))
            print(f"wrote {output}", file=sys.stderr)
    except WhichminError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
