"""Tables of the study in ``real_images.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table

if TYPE_CHECKING:
    from real_images import Outcome, Study

NONE = Cell(None, "-")
COLUMNS = (
    "handling", "activation", "batch size", "step size", "runs ended", "largest cosine",
    "lowest start", "highest start", "effective images", "degrees from top eigenvector",
    "time at one image", "closest images at the end",
)  # fmt: skip


def document(found: Study, brief: bool = False) -> Document:
    """The study as tables.

    Args:
        found: The study.
        brief: Leave out the tables of single batch sizes and of step sizes.

    Returns:
        What was observed (the table for CSV, if brief), the data, all runs (the table for CSV,
        otherwise), step sizes.
    """
    tables = [observed(found), data_table(found)]
    if not brief:
        runs = map(_row, found.outcomes)
        tables.append(Table.build(f"All runs on {_what(found)}", COLUMNS, runs))
        title = "Raw images, linear, batch size 1: larger step sizes"
        tables.append(Table.build(title, COLUMNS, map(_row, found.by_step_size)))
    return Document(
        "whichmin.example.real_images/1",
        tuple(tables),
        provenance(found.seed, "float64", "cpu"),
        primary=0 if brief else 2,
    )


def data_table(found: Study) -> Table:
    """What each handling makes of the images."""
    rows = []
    for name, these in found.prepared.items():
        gram = these.data.gram.numpy()
        lengths = np.sqrt(np.diag(gram))
        cosines = (gram / lengths / lengths[:, None])[np.triu_indices(len(gram), 1)]
        numbers = (cosines.mean(), cosines.min(), cosines.max(), these.largest, these.alone)
        rows.append((name, *(_cell(x, 3) for x in numbers)))
    indices, labels = (", ".join(map(str, x)) for x in (found.images.indices, found.images.labels))
    return Table.build(
        f"{_what(found)}, handled in four ways",
        ("handling", "mean cosine of two", "lowest", "highest",
         "top eigenvalue of Gram matrix", "effective images in one point"),
        rows,
        (f"Images {indices} of the set; labels {labels}.", f"Source: {found.images.source}."),
    )  # fmt: skip


def observed(found: Study) -> Table:
    """Per handling and activation: the full batch, and all smaller ones together."""
    m = len(found.images)
    rows = []
    for handling in found.prepared:
        for activation in ("linear", "relu"):
            outcomes = [o for o in found.of(handling, activation) if len(o.cosine)]
            for name, part in (
                (str(m), [o for o in outcomes if o.batch_size == m]),
                (f"below {m}", [o for o in outcomes if o.batch_size < m]),
            ):
                if part:
                    settled, runs = sum(o.settled for o in part), sum(len(o.cosine) for o in part)
                    rows.append((
                        handling, activation, name,
                        f"{settled} of {runs}",
                        _range(part, lambda o: o.cosine, 3),
                        _range(part, lambda o: o.effective, 2),
                        _range(part, lambda o: o.angle, 1),
                    ))  # fmt: skip
    return Table.build(
        f"Observed: one neuron on {_what(found)}",
        ("handling", "activation", "batch size", "settled", "largest cosine", "effective images",
         "degrees from top"),
        rows,
        (*_definitions(found), _left_out(found), _larger_steps(found)),
    )  # fmt: skip


def _what(found: Study) -> str:
    return f"{len(found.images)} images of {found.images.name}"


def _definitions(found: Study) -> tuple[str, ...]:
    sizes = ", ".join(str(o.batch_size) for o in found.of("raw", "linear"))
    return (
        f"Means over {len(found.starts)} starts; a range goes from the lowest to the highest mean "
        f"of a batch size (of {sizes}). Step size: {found.rate} b / (largest eigenvalue of the "
        "Gram matrix).",
        "Settled: converged or stationary; the final state counts. Any other run counts with the "
        f"mean over the states recorded in the second half of its {found.steps:,} steps.",
        "Largest cosine: of the weights with a data point, absolute. Effective images: "
        "participation ratio (sum c^2)^2 / (sum c^4) of the weights' least-norm coefficients c in "
        "the data points.",
        "Degrees from top: angle between weights and top eigenvector of A^T A, where it is unique.",
    )


def _cell(value: float, digits: int) -> Cell:
    return Cell(float(value), f"{round(float(value), digits) + 0.0:.{digits}f}")  # no "-0.000"


def _row(o: Outcome) -> Iterator[object]:
    ended = ", ".join(f"{count} {status}" for status, count in o.ended.items())
    yield from (o.handling, o.activation, o.batch_size, Cell(o.step_size, f"{o.step_size:.3g}"))
    yield ended
    if not len(o.cosine):
        yield from [NONE] * 7
        return
    yield from (_cell(x, 3) for x in (o.cosine.mean(), o.cosine.min(), o.cosine.max()))
    yield _cell(o.effective.mean(), 2)
    yield NONE if o.angle is None else _cell(o.angle.mean(), 1)
    yield _cell(o.share.mean(), 2)
    yield [int(k) for k in o.closest]


def _range(
    outcomes: Sequence[Outcome], of: Callable[[Outcome], np.ndarray | None], digits: int
) -> Cell:
    values = [found.mean() for o in outcomes if (found := of(o)) is not None]
    if not values:
        return NONE
    low, high = (_cell(x, digits).text for x in (min(values), max(values)))
    return Cell(low if low == high else f"{low} to {high}")


def _left_out(found: Study) -> str:
    runs = sum(sum(o.ended.values()) for o in found.outcomes)
    counted = sum(len(o.cosine) for o in found.outcomes)
    return f"{runs - counted} of {runs} runs ended as dead neurons (or diverged) and are left out."


def _larger_steps(found: Study) -> str:
    few, *_, many = found.by_step_size
    return (
        f"Raw, linear, batch size 1, from step size {few.step_size:.3g} to {many.step_size:.3g}: "
        f"mean largest cosine {few.cosine.mean():.3f} to {many.cosine.mean():.3f}, effective "
        f"images {few.effective.mean():.2f} to {many.effective.mean():.2f}; the image that is "
        f"closest most often is so {few.share.mean():.0%} to {many.share.mean():.0%} of the time."
    )
