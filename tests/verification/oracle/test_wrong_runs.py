"""Wrong runs: each differs from the right one, and is what its text says."""

from fractions import Fraction

import numpy as np
import torch

from whichmin.verification.oracle import references
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.wrong_runs import wrong_runs

ETA = Fraction(1, 8)
BATCHES = ((0, 0, 1, 2), (1, 1, 2, 0), (2, 2, 2, 1))
SERVED = problem("long")


def runs(activation="relu", batches=BATCHES, **declared):
    conventions = Conventions.parse(declared)
    made = wrong_runs(SERVED.w, SERVED.data, batches, ETA, activation, conventions)
    return {c.text: references.floats(c.value) for c in made}


def right(activation="relu", batches=BATCHES):
    factors = [Fraction(1, len(b)) for b in batches]
    path = references.train(SERVED.w, SERVED.data, batches, ETA, activation, factors)
    return references.floats(path[-1])


def test_no_two_have_the_same_text_and_each_is_another_run():
    texts, told = set(), set()
    for activation in ("linear", "relu"):
        made = list(wrong_runs(SERVED.w, SERVED.data, BATCHES, ETA, activation, Conventions()))
        assert len({c.text for c in made}) == len(made) > 45
        texts |= {c.text for c in made}
        for c in made:
            # Of the relu's points some are inactive: there some mistakes make no difference.
            if np.abs(references.floats(c.value) - right(activation)).max() > 1e-9:
                told.add(c.text)
    assert texts == told


def test_skipping_the_first_batch_is_the_run_of_the_others():
    found = runs()["off by one batch: the first is skipped"]
    assert np.allclose(found, right(batches=BATCHES[1:]), rtol=1e-13, atol=0)  # 60 roundings


def test_momentum_and_decay_are_those_of_torch():
    data = torch.from_numpy(references.floats(SERVED.data))
    for text, options in (("momentum 0.9 is on", {"momentum": 0.9}),
                          ("weight decay 0.0001 is on", {"weight_decay": 1e-4})):  # fmt: skip
        w = torch.tensor(references.floats(SERVED.w), requires_grad=True)
        optimiser = torch.optim.SGD([w], lr=float(ETA), **options)
        for batch in BATCHES:
            rows = data[list(batch)]
            optimiser.zero_grad()
            code = torch.relu(rows @ w)
            (((rows - code[:, None] * w) ** 2).sum() / (2 * len(rows))).backward()
            optimiser.step()
        assert np.allclose(runs()[text], w.detach().numpy(), rtol=1e-13, atol=1e-15)


def test_a_sum_is_declared_away():
    summed = runs(gradient="sum")
    assert np.array_equal(summed["a sum over the batch where a mean is expected"],
                          runs()["a sum over the batch where a mean is expected"])  # fmt: skip
    candidates = wrong_runs(SERVED.w, SERVED.data, BATCHES, ETA, "relu", Conventions())
    (told,) = [c.declare for c in candidates if c.text.startswith("a sum")]
    assert told == "'gradient': 'sum'"


def test_a_run_beyond_float64_is_left_out_without_a_warning():
    steep = problem("steep")
    made = wrong_runs(steep.w, steep.data, ((0, 1),) * 9, Fraction(1), "linear", Conventions())
    texts = [c.text for c in made]
    assert texts[0] == "the start is returned"
    assert "twice the update in every step" not in texts
