from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.outcome import CallFailed, Kind
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.target import LossOf
from whichmin.verification.oracle.worker import Worker


@pytest.fixture
def session():
    workers = []

    def make(target, limit=20.0, isolation="auto", **settings):
        workers.append(Worker(target, isolation, limit))
        return Session(workers[-1], **settings)

    yield make
    for worker in workers:
        worker.close()


CASE = problem("generic")


def test_fractions_become_arrays_of_the_targets_precision(session):
    from types import SimpleNamespace

    seen = {}

    def train(w0, data, batches, step_size, activation):
        seen.update(w0=w0, data=data, batches=batches, step_size=step_size, activation=activation)
        return w0

    target = SimpleNamespace(train=train, WHICHMIN={"dtype": "float32"})
    asked = session(target, isolation="inline")
    answer = asked.call(
        "train", w0=CASE.w, data=CASE.data, batches=((0, 1), (2, 2)), step_size=Fraction(3, 10),
        activation="relu",
    )  # fmt: skip
    assert seen["w0"].dtype == seen["data"].dtype == np.float32
    assert seen["batches"].dtype == np.int64
    assert (seen["step_size"], seen["activation"]) == (0.3, "relu")
    received = asked.received(CASE.w)
    assert answer.value.tolist() == [float(x) for x in received]
    finding = answer.against("x", received, 0.0, "the same numbers")
    assert finding.holds
    assert finding.call.arguments["w0"] is CASE.w


def test_rows_of_unequal_number_are_a_list_of_integer_arrays(session):
    from types import SimpleNamespace

    seen = {}

    def train(w0, data, batches, step_size, activation):
        seen["batches"] = batches
        return w0

    def ranked_gradient(w, data, shards, activation):
        seen["shards"] = shards
        return w

    asked = session(SimpleNamespace(train=train, ranked_gradient=ranked_gradient),
                    isolation="inline")  # fmt: skip
    common = {"data": CASE.data, "activation": "relu"}
    asked.call("train", w0=CASE.w, batches=((0, 1), (2,)), step_size=Fraction(1), **common)
    assert [b.tolist() for b in seen["batches"]] == [[0, 1], [2]]
    asked.call("ranked_gradient", w=CASE.w, shards=((0, 1), (2, 0)), **common)
    assert isinstance(seen["shards"], list)
    asked.call("ranked_gradient", w=CASE.w, shards=((0,), ()), **common)
    assert [s.dtype for s in seen["shards"]] == [np.int64] * 2


def test_a_loss_as_argument(session):
    from types import SimpleNamespace

    def keskar_sharpness(loss, w, eps):
        return loss(w)

    asked = session(SimpleNamespace(keskar_sharpness=keskar_sharpness))
    given = LossOf(CASE.data, "relu")
    found = asked.call("keskar_sharpness", loss=given, w=CASE.w, eps=0.1)
    assert 0 < found.value < 1
    assert found.call.arguments["loss"] is given


def test_failures_are_raised_with_the_call(session):
    with pytest.raises(CallFailed, match=r"gradient\(w: 5, data: 3x5, activation=relu\): changed"):
        session("targets:mutate").call("gradient", w=CASE.w, data=CASE.data, activation="relu")


def test_a_function_that_hangs_is_given_up(session):
    asked = session("targets:hang", limit=0.1)
    for times in range(3):
        with pytest.raises(CallFailed) as caught:
            asked.call("loss", w=CASE.w, data=CASE.data, activation="relu")
        assert caught.value.outcome.kind is Kind.HUNG
        assert ("not called again" in caught.value.outcome.detail) == (times == 2)
    asked.call("gradient", w=CASE.w, data=CASE.data, activation="relu")


def test_what_is_printed_is_noted_once(session):
    asked = session("targets:chat")
    for _ in range(2):
        asked.call("loss", w=CASE.w, data=CASE.data, activation="relu")
    assert asked.notes == ["loss printed: 'step size too large?\\nfrom C'"]


def test_problems_by_tag(session):
    full, quick = session("targets:good"), session("targets:good", quick=True)
    assert {p.id for p in quick.problems()} < {p.id for p in full.problems()}
    assert all("kink" in p.tags for p in full.problems("kink"))
    assert all("kink" not in p.tags for p in full.problems(without=("kink",)))
    assert full.stochastic("hessian_trace") is None


def test_generators_depend_on_name_and_seed(session):
    one, other = session("targets:good", seed=1), session("targets:good", seed=2)
    draws = {s.rng(n).integers(1 << 60) for s in (one, other) for n in ("a", "b")}
    assert len(draws) == 4
    assert one.rng("a").integers(1 << 60) in draws


def test_a_check_that_forgets_an_argument_is_a_bug_of_ours(session):
    with pytest.raises(AssertionError, match=r"calls loss without {'data'}"):
        session("targets:good").call("loss", w=CASE.w)
