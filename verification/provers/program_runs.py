"""Run the proofs' programs of loss and step inside Coq, on exact cases.

``Programs.v`` computes the loss and a step on lists of numbers; the theorem ``programs_correct``
says that these are the loss and the step that all theorems speak of. Here Coq evaluates them on its
binary rationals (``vm_compute``), all cases in one call, and Python reads the fractions. The cases
are made without random numbers: orthonormal frames of 1 to 5 rational vectors, turned and not, some
data that are not orthonormal, starts on and off their span, correlations of exactly 0.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from whichmin.verification.provers.coq import Coq
from whichmin.verification.provers.proof_builds import FLAGS, LIMIT, compiled, error_text
from whichmin.verification.provers.proof_sources import LOGICAL, Library
from whichmin.words import Activation

__all__ = ["PROGRAMS", "Case", "Outcome", "cases", "run_programs"]

#: The file of the programs.
PROGRAMS = "Programs"

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]

_HEAD = f"""From Coq Require Import QArith ZArith List.
From {LOGICAL} Require Import {PROGRAMS}.
Import ListNotations.
Set Printing Width 1000000.
Set Printing Depth 1000000.
Definition plus (x y : Q) : Q := Qred (x + y).
Definition less (x y : Q) : Q := Qred (x - y).
Definition times (x y : Q) : Q := Qred (x * y).
Definition nonneg (x : Q) : bool := Qle_bool 0 x.
Definition sample relu w x := sample_loss_of 0%Q 1%Q plus less times nonneg (1#2)%Q relu w x.
Definition mean share relu w xs := loss_of 0%Q 1%Q plus less times nonneg (1#2)%Q share relu w xs.
Definition slope relu w x := sample_gradient_of 0%Q 1%Q plus less times nonneg relu w x.
Definition stepped rate relu w xs := step_of 0%Q 1%Q plus less times nonneg rate relu w xs.
Definition told (x : Q) : list Z := [Qnum x; Zpos (Qden x)].
Definition all_told (xs : list Q) : list Z := flat_map told xs.
Open Scope Z_scope.
"""


@dataclass(frozen=True)
class Case:
    """What the programs are run on.

    Attributes:
        activation: Identity or ReLU.
        data: The points, m rows of n.
        w: The weights.
        eta: Step size.
        batch: Indices of the points of the batch, each once.
    """

    activation: Activation
    data: Matrix
    w: Vector
    eta: Fraction
    batch: tuple[int, ...]

    @property
    def orthonormal(self) -> bool:
        """Whether the points are."""
        pairs = itertools.product(enumerate(self.data), repeat=2)
        return all(
            sum(p * q for p, q in zip(u, v, strict=True)) == int(i == j) for (i, u), (j, v) in pairs
        )

    def __str__(self) -> str:
        points = "; ".join(", ".join(map(str, a)) for a in self.data)
        w = ", ".join(map(str, self.w))
        return f"{self.activation}, points ({points}), w ({w}), batch {self.batch}, eta {self.eta}"


@dataclass(frozen=True)
class Outcome:
    """What the programs say of a case.

    Attributes:
        samples: The loss of each point.
        loss: The mean loss.
        gradients: The gradient of the loss of each point.
        step: The weights after the step.
    """

    samples: Vector
    loss: Fraction
    gradients: Matrix
    step: Vector


def _reflected(along: Sequence[int]) -> Matrix:
    """The columns of the Householder reflection I - 2 v v^T / |v|^2, a rational frame."""
    size, n = sum(v * v for v in along), len(along)
    return tuple(
        tuple(int(p == q) - Fraction(2 * along[p] * along[q], size) for q in range(n))
        for p in range(n)
    )


def _frames() -> Iterator[Matrix]:
    """Orthonormal data: m of n vectors, for 1 <= m <= n <= 5."""
    yield _reflected((1, 0))[1:]  # a standard basis vector
    yield _turned((3, 4, 5), 2)
    yield _turned((5, 12, 13), 3)[:2]
    for along, m in (
        ((1,), 1), ((0, 0, 1), 2), ((1, 2), 1), ((1, 1, 1), 3), ((1, 2, 3), 2), ((2, -1, 1), 1),
        ((1, 1, 1, 1), 4), ((1, 0, 2, -1), 3), ((3, 1, 1, 2), 2), ((1, 1, 1, 1, 1), 5),
        ((1, -2, 0, 2, 1), 4), ((2, 1, 0, 0, 3), 3), ((1, 1, 2, 2, 3), 1),
    ):  # fmt: skip
        yield _reflected(along)[:m]


def _turned(triple: tuple[int, int, int], n: int) -> Matrix:
    """The standard basis of R^n, turned in the plane of the first two by a rational angle."""
    cos, sin = Fraction(triple[0], triple[2]), Fraction(triple[1], triple[2])
    rest = [tuple(Fraction(int(p == q)) for q in range(n)) for p in range(2, n)]
    off = (Fraction(0),) * (n - 2)
    return ((cos, sin, *off), (-sin, cos, *off), *rest)


_SKEW: tuple[Matrix, ...] = (
    ((Fraction(1), Fraction(1, 2)), (Fraction(1, 3), Fraction(-2)), (Fraction(0), Fraction(0))),
    ((Fraction(1, 2), Fraction(1), Fraction(-1)), (Fraction(1, 2), Fraction(1), Fraction(-1))),
)


def _starts(data: Matrix) -> Iterator[Vector]:
    """Starts: with signs of all kinds and off the span; at kinks; at a point; long."""
    n = len(data[0])
    yield tuple(Fraction((-1) ** p * (p + 2), 7 + p) for p in range(n))
    # Correlations 3/5, 0, -4/5, 0, 3/5: kinks at exactly 0, inside the span.
    shares = (Fraction(3, 5), Fraction(0), Fraction(-4, 5), Fraction(0), Fraction(3, 5))
    yield tuple(
        sum((s * a[p] for s, a in zip(shares, data, strict=False)), Fraction(0)) for p in range(n)
    )
    yield data[-1]
    yield tuple(Fraction(p + 1, 2) for p in range(n))


def cases() -> tuple[Case, ...]:
    """Return the cases: all data with two starts each, linear and ReLU, and various batches."""
    found = []
    etas = (Fraction(1, 5), Fraction(1, 10), Fraction(3, 7), Fraction(2))
    for place, data in enumerate((*_frames(), *_SKEW)):
        m = len(data)
        subsets = [s for b in range(1, m + 1) for s in itertools.combinations(range(m), b)]
        starts = list(_starts(data))
        for turn, activation in itertools.product(range(2), Activation):
            w = starts[(place + turn + (activation is Activation.RELU)) % len(starts)]
            batch = subsets[(7 * place + 3 * turn) % len(subsets)]
            found.append(Case(activation, data, w, etas[(place + turn) % len(etas)], batch[::-1]))
    return tuple(found)


def _number(x: Fraction) -> str:
    return f"({x.numerator}#{x.denominator})%Q"


def _list(items: Sequence[str]) -> str:
    return f"[{'; '.join(items)}]"


def _row(v: Vector) -> str:
    return _list([_number(x) for x in v])


def _question(case: Case) -> str:
    relu = "true" if case.activation is Activation.RELU else "false"
    w, m = _row(case.w), len(case.data)
    rows = [_row(a) for a in case.data]
    chosen = _list([rows[i] for i in case.batch])
    parts = [
        *(f"told (sample {relu} {w} {row})" for row in rows),
        f"told (mean {_number(Fraction(1, m))} {relu} {w} {_list(rows)})",
        *(f"all_told (slope {relu} {w} {row})" for row in rows),
        f"all_told (stepped {_number(case.eta / len(case.batch))} {relu} {w} {chosen})",
    ]
    return f"Eval vm_compute in ({' ++ '.join(parts)})%list.\n"


def _read(case: Case, line: str) -> Outcome | str:
    """Read the numbers of a case: numerators and denominators by turns."""
    whole = [int(text) for text in line.replace(";", " ").split()]
    m, n = len(case.data), len(case.w)
    wanted = m + 1 + m * n + n
    if len(whole) != 2 * wanted:
        return f"{len(whole)} numbers for {case}, not {2 * wanted}"
    values = [Fraction(p, q) for p, q in zip(whole[::2], whole[1::2], strict=True)]
    rows = [tuple(values[m + 1 + i * n : m + 1 + (i + 1) * n]) for i in range(m)]
    return Outcome(tuple(values[:m]), values[m], tuple(rows), tuple(values[-n:]))


def run_programs(chosen: Sequence[Case], proofs: Library, coq: Coq) -> tuple[Outcome, ...] | str:
    """Evaluate the programs of the proofs on cases, in one call of Coq.

    Args:
        chosen: The cases.
        proofs: The files that hold the programs.
        coq: The compiler.

    Returns:
        What they say of each case, or why they do not: a message of Coq's.
    """
    with compiled(proofs, [PROGRAMS], coq) as (folder, files):
        failed = next((file.message for file in files.values() if file.message), "")
        if failed:
            return failed
        (folder / "Run.v").write_text(_HEAD + "".join(map(_question, chosen)), "utf-8")
        try:
            done = subprocess.run(  # noqa: S603 - our own file
                [coq.coqc, *FLAGS, "Run.v"], cwd=folder, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=LIMIT, check=False, text=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the programs ran for more than {LIMIT:.0f} s"
    if done.returncode != 0:
        return error_text(done.stderr)
    lines = re.findall(r"^ +=\s+\[([-\d;\s]*)\]\s*:\s*list Z$", done.stdout, flags=re.MULTILINE)
    if len(lines) != len(chosen):
        return f"{len(lines)} answers to {len(chosen)} questions"
    found = [_read(case, line) for case, line in zip(chosen, lines, strict=True)]
    wrong = next((told for told in found if isinstance(told, str)), "")
    return wrong or tuple(told for told in found if not isinstance(told, str))
