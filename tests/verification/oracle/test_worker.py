"""A target that hangs, dies, prints or does not load does no harm."""

import os
import pickle
import signal
import sys
import time
import types
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError, MissingDependency
from whichmin.verification.oracle.outcome import Kind
from whichmin.verification.oracle.worker import Worker

GIVEN = {"w": np.array([0.5, 0.25]), "data": np.eye(2), "activation": "relu"}
RIGHT = 0.5 * ((1 - 0.25) ** 2 + 0.125**2 + 0.125**2 + (1 - 0.0625) ** 2) / 2


@pytest.fixture
def worker():
    made = []

    def make(target, isolation="auto", limit=20.0):
        made.append(Worker(target, isolation, limit))
        return made[-1]

    yield make
    for each in made:
        each.close()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("isolation", ["process", "fork", "inline"])
def test_a_value_comes_back_from_everywhere(worker, isolation):
    target = "targets:good"
    if isolation == "fork":
        import targets

        target = SimpleNamespace(loss=lambda w, data, activation: targets.loss(w, data, activation))
    found = worker(target, isolation)
    assert found.call("loss", GIVEN).value == pytest.approx(RIGHT, rel=1e-15)
    assert "loss" in found.provided


def test_where_a_target_runs(worker):
    import targets

    assert worker("targets:good").where == "its own process"
    assert worker(targets).where == "its own process"
    assert worker(targets.good).where == "its own process", "its functions pickle by name"
    local = SimpleNamespace(loss=lambda w, data, activation: 1.0)
    assert worker(local).where.startswith("a forked copy of this process")
    assert worker(targets.good, "inline").where.startswith("this process: no time limit")


def test_without_fork_an_object_runs_here(worker, monkeypatch):
    monkeypatch.delattr(os, "fork")
    found = worker(SimpleNamespace(loss=lambda w, data, activation: 1.0))
    assert found.where.startswith("this process")
    assert found.call("loss", GIVEN).value == 1


def test_a_target_that_hangs_is_stopped_and_the_next_call_works(worker):
    found = worker("targets:hang", limit=0.2)
    start = time.perf_counter()
    outcome = found.call("loss", GIVEN)
    assert time.perf_counter() - start < 500, "it sleeps for 1000 s"
    assert outcome.kind is Kind.HUNG
    assert outcome.detail == "did not return within 0.6 s", (
        "the first call gets three times as long"
    )
    assert found.call("gradient", GIVEN).kind is Kind.VALUE
    assert found.starts == 2


@pytest.mark.parametrize(
    ("target", "words"),
    [("targets:crash", f"died of {signal.SIGSEGV.name}"), ("targets:leave", "exit code 3")],
)
def test_a_target_that_dies_is_reported_with_its_last_words(worker, target, words):
    found = worker(target)
    outcome = found.call("loss", GIVEN)
    assert outcome.kind is Kind.CRASHED
    assert words in outcome.detail
    if target == "targets:crash":
        assert "about to die" in outcome.trace
        assert "Segmentation fault" in outcome.trace, "faulthandler's traceback"
        assert found.call("gradient", GIVEN).kind is Kind.VALUE


def test_a_forked_target_that_dies(worker):
    found = worker(SimpleNamespace(loss=lambda w, data, activation: os._exit(5)))
    outcome = found.call("loss", GIVEN)
    assert (outcome.kind, outcome.detail) == (Kind.CRASHED, "its process ended with exit code 5")


def test_sys_exit_does_not_end_the_worker(worker):
    import targets

    found = worker(SimpleNamespace(loss=targets.exiting))
    assert found.call("loss", GIVEN).detail == "raised SystemExit: 2"
    assert found.starts == 1


def test_what_a_target_prints_is_captured_also_from_c(worker, capfd):
    outcome = worker("targets:chat").call("loss", GIVEN)
    assert outcome.printed == "step size too large?\nfrom C\n"
    assert capfd.readouterr() == ("", "")


def test_errors_of_loading_come_through(worker, tmp_path, monkeypatch):
    (tmp_path / "exits_at_import.py").write_text("import os\nprint('bye')\nos._exit(7)\n")
    (tmp_path / "lacking_import.py").write_text(
        "from whichmin.errors import MissingDependency\n"
        "raise MissingDependency('tool', 'why', 'pip install tool')\n"
    )
    (tmp_path / "leaves_at_import.py").write_text("raise SystemExit('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="ended with exit code 7"):
        worker("exits_at_import")
    with pytest.raises(MissingDependency):
        worker("lacking_import")
    with pytest.raises(InputError, match="SystemExit"):
        worker("leaves_at_import")
    with pytest.raises(InputError, match="must be importable"):
        worker("no_such_module")


def test_a_target_that_never_loads(worker, tmp_path, monkeypatch):
    (tmp_path / "slow_import.py").write_text("import time\ntime.sleep(1000)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("whichmin.verification.oracle.worker.LOAD_LIMIT", 1.0)
    with pytest.raises(InputError, match="must load within 1 s"):
        worker("slow_import")


def test_arguments_are_checked(worker):
    with pytest.raises(InputError, match="isolation = 'docker'"):
        worker("targets:good", "docker")
    with pytest.raises(InputError, match="a name or an object that pickles"):
        worker(SimpleNamespace(loss=lambda w, data, activation: 1.0), "process")


def test_an_object_whose_class_the_new_process_cannot_import_is_forked(worker, monkeypatch):
    module = types.ModuleType("only_here")
    exec("class Local:\n    def loss(self, w, data, activation):\n        return 1.0", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    pickle.dumps(module.Local())
    assert worker(module.Local()).where.startswith("a forked copy")
    with pytest.raises(InputError, match="No module named 'only_here'"):
        worker(module.Local(), "process")


def test_no_process_is_left_behind(worker):
    found = worker("targets:good")
    pid, log = found._process.pid, found._process.log
    assert alive(pid)
    found.close()
    assert not alive(pid)
    assert not os.path.exists(log)
    with Worker("targets:good") as inner:
        pid = inner._process.pid
    assert not alive(pid)


def test_a_call_costs_little(worker):
    found = worker("targets:good")
    found.call("loss", GIVEN)
    # The best of ten parts: a busy machine stops single calls for longer than they take.
    means = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(20):
            found.call("loss", GIVEN)
        means.append((time.perf_counter() - start) / 20)
    # Measured: 0.2 ms; the suite makes about a thousand calls, in less than 10 s when quick.
    assert min(means) < 5e-3


BOXING = """
from types import SimpleNamespace

class Value:
    def __init__(self, value):
        self.value = value

class Text(str):
    pass

class Error(Exception):
    def __str__(self):
        raise ValueError

def boxed(w, data, activation):
    return Value(1.0)

def boxes(w, data, activation):
    return [Value(1.0), Value(2.0)]

def calling(w, data, activation):
    return lambda: 1.0

def raising(w, data, activation):
    raise Error

def huge(w, data, activation):
    return 10**400

class Fatal:
    def __reduce__(self):
        import os
        return os._exit, (0,)

def fatal(w, data, activation):
    return Fatal()

box = SimpleNamespace(loss=boxed, gradient=boxes, hessian=boxed, spectrum=fatal)
call = SimpleNamespace(loss=calling, gradient=raising, hessian_trace=huge)
texts = SimpleNamespace(loss=boxed, WHICHMIN={Text("name"): Text("x"), "arrays": Text("numpy")})
"""


@pytest.fixture
def boxing(tmp_path, monkeypatch):
    """A module that a worker can import, from its working folder, and this process cannot."""
    (tmp_path / "boxing.py").write_text(BOXING)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("boxing")
def test_a_result_of_the_targets_own_class_is_reported_and_the_worker_goes_on(worker):
    found = worker("boxing:box")
    outcome = found.call("loss", GIVEN)
    assert outcome.kind is Kind.WRONG_DTYPE
    assert outcome.detail == "returned an object of class Value, expected a number"
    assert found.call("gradient", GIVEN).detail.startswith("returned dtype object (of class Value)")
    assert found.call("hessian", GIVEN).kind is Kind.WRONG_DTYPE
    assert found.call("spectrum", GIVEN).detail.startswith("returned an object of class Fatal")
    assert found.starts == 1


@pytest.mark.usefixtures("boxing")
def test_a_result_that_does_not_pickle_is_no_crash(worker):
    found = worker("boxing:call")
    outcome = found.call("loss", GIVEN)
    assert outcome.kind is Kind.WRONG_DTYPE
    assert "object of class function" in outcome.detail
    assert found.call("gradient", GIVEN).detail == "raised Error: (its message cannot be read)"
    assert found.call("hessian_trace", GIVEN).kind is Kind.NOT_FINITE
    assert found.starts == 1
    assert worker("boxing:texts").conventions.name == "x"


def test_an_error_of_the_targets_own_class_at_loading(worker, tmp_path, monkeypatch):
    (tmp_path / "own_error.py").write_text(
        "from whichmin.errors import WhichminError\n"
        "class Own(WhichminError):\n    pass\n"
        "raise Own('no licence')\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"Own.*no licence"):
        worker("own_error")
    (tmp_path / "interrupted.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(InputError, match=r"target = 'interrupted', but must load.*KeyboardInter"):
        worker("interrupted")


def test_a_target_that_loads_only_once(worker, tmp_path, monkeypatch):
    (tmp_path / "once.py").write_text(
        "import os, pathlib\n"
        "pathlib.Path('loaded').mkdir()\n"
        "def loss(w, data, activation):\n    os._exit(3)\n"
    )
    monkeypatch.chdir(tmp_path)
    found = worker("once")
    assert found.call("loss", GIVEN).detail == "its process ended with exit code 3"
    outcome = found.call("loss", GIVEN)
    assert outcome.kind is Kind.NOT_STARTED
    assert outcome.detail.startswith("it could not be started again: target = 'once'")


@pytest.mark.parametrize("limit", [-1, 0, float("nan"), float("inf"), "x", True, None, 1e6])
def test_a_time_limit_that_cannot_be_kept_is_refused(worker, limit):
    with pytest.raises(InputError, match=r"limit = .*, but must be seconds, above 0"):
        worker("targets:good", limit=limit)
