"""Every snippet runs as it stands and shows what the oracle saw."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.check import Call, Finding, OracleCheck
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.mutants.mutant import correct
from whichmin.verification.oracle.outcome import CallOutcome, Kind
from whichmin.verification.oracle.snippet import call_snippet, finding_snippet
from whichmin.verification.oracle.target import LossOf

HERE = Path(__file__).parent
CHECK = OracleCheck("x.y", ("loss",), "a statement", "a formula", "a source", lambda session: ())
F = Fraction


def execute(code, folder=HERE):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=600,
        check=False, env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip


def test_a_wrong_value_fails_and_a_right_one_passes():
    result = judge("targets:summed").results[0]
    code = result.snippet
    done = execute(code)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
    assert "got " in done.stdout
    for part in ("1/2, -1/3, 2/7", "# expected: (1/m) sum_i", "# source: Ghosh", "2^-53"):
        assert part in code
    right = execute(code.replace("summed", "good"))
    assert right.returncode == 0, right.stderr


def test_a_module_with_functions_of_its_own(tmp_path):
    (tmp_path / "plain.py").write_text("def loss(w, data, activation):\n    return 1.0\n")
    code = finding_snippet(CHECK, finding(), Conventions(), "plain")
    assert "from plain import loss" in code
    assert execute(code, tmp_path).returncode == 1


def finding(**more):
    call = Call("loss", {"w": (F(1, 2),), "data": ((F(1),),), "activation": "relu"})
    given = {"expected": F(1, 3), "call": call, **more}
    return Finding("case", 1.0, bound=1e-15, reason="rounding", **given)


def test_accepted_segments():
    code = finding_snippet(CHECK, finding(upper=F(1, 2)), Conventions(), "t")
    for value, passes in ((1 / 3, True), (0.4, True), (0.5, True), (0.6, False), (0.3, False)):
        given = code.replace("from t import loss", f"loss = lambda w, data, activation: {value}")
        assert (execute(given).returncode == 0) is passes


def test_an_object_is_left_for_the_reader_to_fill_in():
    code = finding_snippet(CHECK, finding(), Conventions())
    assert "loss = target.loss  # target: the object that was judged" in code
    scope = {"target": SimpleNamespace(loss=lambda w, data, activation: 1 / 3)}
    exec(code, scope)


def test_without_a_call_there_is_no_snippet():
    assert finding_snippet(CHECK, finding(call=None), Conventions()) == ""


# Checks that compare what several calls gave, and the measures: each with a mutant that fails it.
@pytest.mark.parametrize(("name", "check"), [
    ("hessian.cross-once", "hessian.symmetry"),
    ("hessian_vector_product.normalised", "hessian_vector_product.linear"),
    ("hessian_trace.not-divided", "hessian_trace.estimates"),
    ("sample_batches.unseeded", "sample_batches.seed"),
    ("sample_batches.seed-shift", "sample_batches.seed"),
    ("sample_batches.sattolo", "sample_batches.uniform"),
    ("sample_batches.modulo", "sample_batches.points"),
    ("sample_batches.blocks", "sample_batches.pairs"),
    ("sample_batches.same", "sample_batches.consecutive"),
    ("sample_batches.first", "sample_batches.starts"),
    ("average_sharpness.square", "average_sharpness.estimates"),
    ("average_sharpness.seed-ignored", "average_sharpness.seed"),
    ("sam_sharpness.relative", "sam_sharpness.values"),
    ("relative_flatness.norm", "relative_flatness.values"),
    ("hessian_noise_scale.simple", "hessian_noise_scale.values"),
])  # fmt: skip
def test_several_calls_are_repeated(name, check):
    (mutant,) = [m for m in mutants(name) if m.id == name]
    wrong = build(mutant)
    with Judge(wrong, quick=True, isolation="inline") as judged:
        result = next(judged.result(c) for c in judged.checks if c.id == check)
    assert result.verdict == "failed"
    with pytest.raises(AssertionError):
        exec(result.snippet, {"target": wrong})
    exec(result.snippet, {"target": correct(mutant.base, mutant.function)})


def test_falls_of_keskars_metric_and_medians_are_repeated():
    places = {"w": (F(1, 2),), "loss": LossOf(((F(1),),), "relu")}
    calls = tuple(Call("keskar_sharpness", {**places, "eps": e}) for e in (F(1, 4), F(1, 2)))
    case = Finding("case", 1.0, 0.0, 1e-12, "rounding", calls=calls, figure="got[0] - got[-1]")
    code = finding_snippet(CHECK, case, Conventions())
    assert "for eps in [1/4, 1/2]]" in code
    exec(code, {"target": SimpleNamespace(keskar_sharpness=lambda loss, w, eps: 3.0)})
    with pytest.raises(AssertionError):
        exec(code, {"target": SimpleNamespace(keskar_sharpness=lambda loss, w, eps: -eps)})
    seeds = tuple(
        Call("sample_batches", {"m": 2, "b": 1, "steps": 1, "seed": s}) for s in (7, 8, 9)
    )
    case = Finding("case", 1.0, 8.0, 1e-12, "exact", calls=seeds, figure="np.median(got)")
    code = finding_snippet(CHECK, case, Conventions())
    assert "for seed in range(7, 10)]" in code
    exec(code, {"target": SimpleNamespace(sample_batches=lambda m, b, steps, seed: [[seed]])})


def test_torch_arrays_and_nested_names():
    code = finding_snippet(CHECK, finding(), Conventions(arrays="torch"), "t:outer.inner")
    assert "from t import outer\nloss = outer.inner.loss" in code
    assert "loss(torch.from_numpy(w), torch.from_numpy(data), activation=activation)" in code
    given = code.replace("from t import outer\nloss = outer.inner.loss", "loss = stand_in")
    import torch

    def stand_in(w, data, activation):
        assert isinstance(w, torch.Tensor)
        return torch.tensor(1 / 3, dtype=torch.float64)

    exec(given, {"stand_in": stand_in})


def test_long_fractions_are_written_as_floats_and_arrays_as_they_are():
    call = Call("loss", {"w": (F(1, 3**60), F(1, 7)), "data": np.eye(2), "activation": "relu"})
    code = finding_snippet(CHECK, finding(call=call), Conventions(dtype="float32"))
    assert f"w = np.array([{float(F(1, 3**60))!r}, 1/7], dtype=np.float32)" in code
    assert "data = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)" in code


def test_the_loss_argument_is_written_out():
    import targets

    data = ((F(1), F(0)), (F(0), F(1)))
    for activation in ("linear", "relu"):
        call = Call(
            "keskar_sharpness", {"loss": LossOf(data, activation), "w": (F(1, 2), F(-1)), "eps": 1}
        )
        w = np.array([0.5, -1.0])
        value = targets.loss(w, np.eye(2), activation)
        code = finding_snippet(CHECK, finding(call=call, expected=value), Conventions())
        exec(code, {"target": SimpleNamespace(keskar_sharpness=lambda loss, w, eps: loss(w))})


def test_seeds_are_passed_to_stochastic_functions_alone():
    call = Call(
        "hessian_trace", {"w": (F(1),), "data": ((F(1),),), "activation": "relu", "seed": 5}
    )
    exact = call_snippet(CHECK, call, CallOutcome(Kind.RAISED, detail="raised"), Conventions())
    assert "hessian_trace(w, data, activation=activation)" in exact
    declared = Conventions.parse({
        "stochastic": {"hessian_trace": {"method": "hutchinson", "samples": 3}}
    })
    assert "activation=activation, seed=seed)" in call_snippet(
        CHECK, call, CallOutcome(Kind.RAISED, detail="raised"), declared
    )


def test_a_call_that_fails_is_repeated():
    result = next(r for r in judge("targets:mutate").results if r.check == "gradient.values")
    assert "changed its argument w in place" in result.message
    done = execute(result.snippet)
    assert "AssertionError: w was changed" in done.stderr
    right = execute(result.snippet.replace("mutate", "good"))
    assert right.returncode == 0, right.stderr

    def raising(w, data, activation):
        raise ValueError("no good")

    result = judge(SimpleNamespace(loss=raising)).results[0]
    with pytest.raises(ValueError, match="no good"):
        exec(result.snippet, {"target": SimpleNamespace(loss=raising)})


def test_batches_are_integers():
    call = Call(
        "train",
        {"w0": (F(1),), "data": ((F(1),),), "batches": ((0,), (0,)), "step_size": F(1, 8),
         "activation": "relu"},
    )  # fmt: skip
    code = call_snippet(CHECK, call, CallOutcome(Kind.HUNG, seconds=1), Conventions())
    assert "batches = np.array([[0], [0]], dtype=np.int64)" in code
    assert "step_size = 1/8" in code


FAULTS = """
import os
import numpy as np

def loss(w, data, activation):
    FAULT

def gradient(w, data, activation):
    FAULT

def sample_batches(m, b, steps, seed):
    return np.zeros((steps, b))
"""


PAIR = ("loss.values", "gradient.values")


@pytest.mark.parametrize(("fault", "seen"), [
    ('raise ValueError("shapes:\\n  w: 5\\x0c\\r\\u2028data")', "ValueError: shapes:"),
    ("raise SystemExit(0)", "AssertionError: the call ended the interpreter"),
    ("os._exit(0)", "AssertionError: the call ended its process: status 0"),
    ("while True: pass", "Timeout"),
    ("return None", "AssertionError: "),
    ('return "abc"', "AssertionError: "),
    ("return [1, [2, 3]]", "ValueError: setting an array element"),
    ("return (x for x in w)", "AssertionError: "),
    ("return np.float32(1) * w", "AssertionError: "),
    ("return np.full(len(w), np.nan)", "AssertionError: "),
    ("data[:] = 0; return w", "AssertionError: data was changed: [["),
])  # fmt: skip
def test_every_kind_of_fault_is_shown(tmp_path, monkeypatch, fault, seen):
    (tmp_path / "faulty.py").write_text(FAULTS.replace("FAULT", fault))
    monkeypatch.chdir(tmp_path)
    found = judge("faulty", quick=True, limit=0.2, only=lambda name: name in PAIR)
    assert len(found.failures) == 2
    for result in found.failures:
        done = execute(result.snippet, tmp_path)
        assert done.returncode == 1, result.snippet
        assert seen in done.stderr
    (result,) = judge("faulty", quick=True, only=lambda name: name.endswith("range")).results
    assert "AssertionError: float64, expected integers" in execute(result.snippet, tmp_path).stderr


def test_no_snippet_where_the_call_is_not_at_fault():
    call = Call("loss", {"w": (F(1),), "data": ((F(1),),), "activation": "relu"})
    lost = CallOutcome(Kind.NOT_STARTED, detail="it could not be started again")
    assert call_snippet(CHECK, call, lost, Conventions(), "targets") == ""


def test_tensors_with_a_gradient_are_read():
    call = Call("loss", {"w": (F(1),), "data": ((F(1),),), "activation": "relu"})
    code = finding_snippet(CHECK, finding(call=call), Conventions(arrays="torch"))
    scope = {"target": SimpleNamespace(loss=lambda w, data, activation: w.requires_grad_().sum())}
    with pytest.raises(AssertionError, match=r"0\.66"):
        exec(code, scope)
