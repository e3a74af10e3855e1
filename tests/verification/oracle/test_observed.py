"""Steps of a target are seen one by one, and the first wrong one is found."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.checks.long_runs import courses
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants.reference import train
from whichmin.verification.oracle.observed import (
    MOST_CALLS,
    QUIET,
    first_wrong,
    nice,
    quiet_lengths,
    seen_steps,
)
from whichmin.verification.oracle.runs import ServedRun


@pytest.fixture
def seen():
    """A session of a target that halves its steps from step 38 on, and one of its runs."""

    def halved(w0, data, batches, step_size, activation):
        w = train(w0, data, batches[:37], step_size, activation)
        return train(w, data, batches[37:], step_size / 2, activation)

    with Judge(SimpleNamespace(train=halved), isolation="inline", quick=True) as judged:
        course = next(iter(courses(judged.session)))
        run = ServedRun.of(
            course.w, course.data, course.batches, course.step_size, "linear",
            judged.session.conventions,
        )  # fmt: skip
        yield judged.session, run


def test_the_first_wrong_step_and_what_it_does(seen):
    session, run = seen
    assert first_wrong(session, run) == 37
    steps = seen_steps(session, run, 0)
    assert len(steps) == len(run.batches) <= MOST_CALLS
    assert [s.t for s in steps if not s.right] == list(range(37, len(steps)))
    assert all(s.length == pytest.approx(1 if s.t < 37 else 0.5, abs=1e-9) for s in steps)
    assert not any(s.still for s in steps)


def test_a_window_has_the_weights_before_it(seen):
    session, run = seen
    whole, part = seen_steps(session, run, 0), seen_steps(session, run, 35)
    for p, q in zip(whole[35:], part, strict=True):
        assert np.array_equal(p.last, q.last)
        assert np.array_equal(p.before, q.before)
        assert np.array_equal(p.after, q.after)
    assert np.array_equal(whole[0].last, whole[0].before)


def test_a_quiet_run_shows_each_step_as_it_is_in_a_run_of_that_length(seen):
    session, run = seen
    halved = {t: 1 if t < 37 else 0.5 for t in range(QUIET)}
    assert quiet_lengths(session, run) == pytest.approx(halved, abs=1e-12)
    assert quiet_lengths(session.under(batches="full"), run) == {}

    def falling(w0, data, batches, step_size, activation):
        w = w0
        for t, batch in enumerate(batches):
            w = train(w, data, batch[None], step_size * (1 - t / len(batches)), activation)
        return w

    def aside(w0, data, batches, step_size, activation):
        return train(w0, data, batches, step_size, activation) + np.array([0, 1e-9])

    for trainer, expected in ((falling, lambda t: pytest.approx(1 - t / QUIET)),
                              (aside, lambda t: None)):  # fmt: skip
        with Judge(SimpleNamespace(train=trainer), isolation="inline") as judged:
            found = quiet_lengths(judged.session, run)
        assert found == {t: expected(t) for t in range(QUIET)}


def test_numbers_are_rounded_as_far_as_they_allow():
    assert nice(0.1 + 3e-9, 1e-8) == 0.1
    assert nice(0.123456, 1e-7) == 0.123456
    assert nice(1 / 3 + 1e-8, 1e-7) == 1 / 3
    assert nice(0.0, 1e-7) == 0
    assert nice(0.12345678, 1e-12) == pytest.approx(0.12345678, rel=1e-12)
