"""The compiled engine: same trajectories, same bits however it is run, no drift."""

import itertools

import numpy as np
import pytest
import torch

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import CompiledEngine, Problem, ReducedEngine
from whichmin.core.engines.kernels import cpu
from whichmin.core.engines.kernels.group import LEAVE_OUT, TOUCH, grid
from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.run import advance
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import prepare, train
from whichmin.errors import InputError
from whichmin.words import Activation

MODES = ["without-replacement", "with-replacement", "reshuffled", "cyclic"]
SIZES = [
    (2, 1),
    (3, 2),
    (8, 1),
    (8, 3),
    (8, 5),
    (8, 7),
    (8, 8),
    (40, 9),
    (40, 20),
    (40, 33),
    (130, 1),
]


def problem(m, n=None, activation="relu", step_size=0.1):
    return Problem(make_data(random_frame(m, n or m + 2)), Activation(activation), step_size)


def start(m, replicas, norm=0.5, seed=0):
    return torch.from_numpy(random_start(m + 2, replicas, norm=norm, seed=seed))


def deviation(ours, theirs):
    here, there = ours.weights(), theirs.weights()
    return float(((here - there).norm(dim=1) / there.norm(dim=1).clamp_min(1e-3)).max())


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("m", "b"), SIZES)
def test_it_follows_the_reduced_engine(m, b, mode, activation):
    subject, stream = (
        problem(m, None, activation, 0.1 * b),
        make_stream(m, b, sampling=mode, seed=3),
    )
    pair = [kind(subject, start(m, 70)) for kind in (CompiledEngine, ReducedEngine)]
    for engine in pair:
        advance(engine, stream, 0, 300, np.arange(70) + 5)
    # 300 steps of at most 8 roundings, amplified at most 1 + 2 alpha = 1.2 times 16 times.
    assert deviation(*pair) < 300 * 8 * 2**-53 * 1.2**16
    for name in ("correlations", "off_span_energy", "squared_norm"):
        here, there = (getattr(engine, name)() for engine in pair)
        assert (here - there).abs().max() < 1e-11
    drift = (pair[0].tracked_norm() - pair[0].squared_norm()).abs().max()
    assert 0 <= drift < 300 * 8 * 2**-53 * 1.2**16


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("m", "b"), [(3, 1), (3, 2), (6, 4), (6, 6), (25, 9)])
def test_steps_that_change_signs(m, b, mode, activation):
    """alpha = 2 from norm 1.3: s and f are negative now and then. Such steps are taken plainly."""
    subject, stream = (
        problem(m, None, activation, 2.0 * b),
        make_stream(m, b, sampling=mode, seed=1),
    )
    begun = start(m, 70, norm=1.3)
    pair = [kind(subject, begun) for kind in (CompiledEngine, ReducedEngine)]
    signs = torch.sign(pair[1].correlations())
    changed = torch.zeros(70, dtype=torch.bool)
    for step in range(6):  # chaotic: a difference grows by about 10 a step
        for engine in pair:
            advance(engine, stream, step, step + 1, np.arange(70))
        now = torch.sign(pair[1].correlations())
        changed |= (now != signs).any(1)
        signs = now
    assert changed.sum() > 5, "signs did change"
    fine = pair[1].squared_norm() < 1e60  # a growing one stays alike in relative terms
    assert fine.sum() > 10
    here, there = (engine.weights()[fine] for engine in pair)
    assert ((here - there).norm(dim=1) / there.norm(dim=1).clamp_min(1e-3)).max() < 1e-9


def test_one_given_batch_at_a_time():
    subject = problem(7, None, "relu", 0.4)
    pair = [kind(subject, start(7, 3)) for kind in (CompiledEngine, ReducedEngine)]
    rng = np.random.default_rng(0)
    for step in range(60):
        batch = None if step % 7 == 0 else torch.from_numpy(rng.integers(0, 7, (3, 1 + step % 5)))
        for engine in pair:
            engine.step(batch)
    assert deviation(*pair) < 1e-13


def run_in_pieces(cuts, threads=1, rows=slice(None), m=9, b=4, mode="without-replacement"):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        engine = CompiledEngine(problem(m, None, "relu", 0.3), start(m, 200)[rows])
        stream, replicas = make_stream(m, b, sampling=mode, seed=2), np.arange(200)[rows]
        for first, last in itertools.pairwise(cuts):
            engine.advance(stream, first, last, replicas)
        return engine.weights()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("m", "b"), [(9, 1), (9, 4), (9, 7), (9, 9), (60, 20)])
def test_bits_depend_on_nothing_else(m, b, mode):
    """Not on cuts, threads or neighbours."""
    how = {"m": m, "b": b, "mode": mode}
    whole = run_in_pieces([0, 1500], **how)
    assert torch.equal(run_in_pieces([0, 1, 2, 37, 128, 129, 1001, 1500], **how), whole)
    assert torch.equal(run_in_pieces([0, 1500], threads=3, **how), whole)
    for rows in (slice(0, 1), slice(63, 66), slice(150, 151), slice(7, 200, 3)):
        assert torch.equal(run_in_pieces([0, 700, 1500], rows=rows, **how), whole[rows])


def test_wild_neighbours_do_not_change_a_replica():
    """Next to a lane that steps plainly, a calm lane takes the careful path: same bits."""
    m, stream = 6, make_stream(6, 1, seed=8)
    calm = start(m, 3)
    sizes = torch.tensor([0.1, 0.1, 0.1, 3.0], dtype=torch.float64)
    mixed = CompiledEngine(problem(m), torch.cat([calm, 1.4 * start(m, 1, seed=5)]), sizes)
    alone = CompiledEngine(problem(m), calm)
    for engine, count in ((mixed, 4), (alone, 3)):
        engine.advance(stream, 0, 500, np.arange(count))
    assert torch.equal(mixed.weights()[:3], alone.weights())


def test_rows_that_are_kept_go_on_unchanged():
    m, stream = 9, make_stream(9, 2, seed=8)
    some, whole = (CompiledEngine(problem(m), start(m, 150)) for _ in range(2))
    chosen = torch.from_numpy(np.random.default_rng(0).random(150) < 0.3)
    some.advance(stream, 0, 77, np.arange(150))
    some.keep(chosen)
    some.advance(stream, 77, 900, np.flatnonzero(chosen.numpy()))
    whole.advance(stream, 0, 900, np.arange(150))
    assert torch.equal(some.weights(), whole.weights()[chosen])


@pytest.mark.parametrize("b", [1, 5])
def test_a_state_is_taken_up_again(b):
    m, stream = 7, make_stream(7, b, seed=8)
    first, second = (CompiledEngine(problem(m), start(m, 80)) for _ in range(2))
    first.advance(stream, 0, 333, np.arange(80))
    saved = {name: value.clone() for name, value in first.state().items()}
    second.restore(saved)
    for engine in (first, second):
        engine.advance(stream, 333, 1000, np.arange(80))
    assert torch.equal(first.weights(), second.weights())


def test_step_sizes_of_their_own():
    m, stream = 7, make_stream(7, 2, seed=8)
    sizes = torch.linspace(0.01, 0.9, 70, dtype=torch.float64)
    together = CompiledEngine(problem(m), start(m, 70), sizes)
    together.advance(stream, 0, 200, np.arange(70))
    for row in (0, 33, 69):
        alone = CompiledEngine(problem(m, step_size=float(sizes[row])), start(m, 70)[row : row + 1])
        alone.advance(stream, 0, 200, np.array([row]))
        assert torch.equal(alone.weights()[0], together.weights()[row])


@pytest.mark.parametrize(("m", "b", "steps"), [(8, 1, 10**8), (64, 63, 10**6), (8, 8, 10**7)])
def test_energies_do_not_drift(m, b, steps):
    """Over 10^8 steps the norm carried along is the norm, within the bound of group.py."""
    engine = CompiledEngine(problem(m, step_size=0.05 * b), start(m, 64))
    stream, replicas = make_stream(m, b, seed=1), np.arange(64)
    _, period = grid(m, min(b, m - b), TOUCH if 2 * b <= m else LEAVE_OUT)
    bound = 8 * max(period, 1024) * 2**-53
    for part in range(1, 5):
        engine.advance(stream, (part - 1) * steps // 4, part * steps // 4 - 1, replicas)
        assert (engine.tracked_norm() - engine.squared_norm()).abs().max() <= bound
        engine.advance(stream, part * steps // 4 - 1, part * steps // 4, replicas)
    assert (engine.squared_norm() - 1).abs().max() < 1e-9
    assert np.isfinite(engine.x.numpy()).all()


@pytest.mark.parametrize(("m", "b"), [(3, 2), (5, 3), (9, 8), (40, 39), (40, 25)])
def test_points_left_out_at_large_steps_do_not_drift(m, b):
    """alpha = 0.45: an error doubles each time the winner is left out (see ``grid``)."""
    pair = [
        kind(problem(m, step_size=0.45 * b), start(m, 64))
        for kind in (CompiledEngine, ReducedEngine)
    ]
    for engine in pair:
        advance(engine, make_stream(m, b, seed=1), 0, 1500, np.arange(64))
    assert (pair[0].tracked_norm() - pair[0].squared_norm()).abs().max() < 1e-12
    assert deviation(*pair) < 1e-12
    pair[0].advance(make_stream(m, b, seed=1), 1500, 200_001, np.arange(64))
    assert (pair[0].tracked_norm() - pair[0].squared_norm()).abs().max() < 1e-12


def test_factors_shrink_and_are_applied_on_the_grid():
    engine = CompiledEngine(problem(8, step_size=0.05), start(8, 64))
    engine.advance(make_stream(8, 1, seed=1), 0, 1023, np.arange(64))
    factor = engine.scalars.numpy()[:, : cpu.LANES]
    assert (factor < 0.1).any(), "factors shrink on the way"
    engine.advance(make_stream(8, 1, seed=1), 1023, 1024, np.arange(64))
    assert (engine.scalars.numpy()[:, : cpu.LANES] == 1).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("b", [1, 3, 4])
def test_judging_few_changes_no_bit(b, mode, monkeypatch):
    """With the survey, and with every replica judged at every look."""
    how = {
        "engine": "compiled", "batch_size": b, "sampling": mode, "seed": 4, "replicas": 90,
        "step_size": 0.2, "tolerance": 1e-6,
    }  # fmt: skip
    surveyed = train(random_frame(4, 6), **how)
    looks = []

    def every(self, tolerance, alone):
        looks.append(len(self.slots))
        return np.ones(len(self.slots), dtype=bool)

    monkeypatch.setattr(CompiledEngine, "may_have_ended", every)
    judged = train(random_frame(4, 6), **how)
    assert looks
    assert surveyed.status == judged.status
    assert torch.equal(surveyed.steps, judged.steps)
    assert torch.equal(surveyed.weights, judged.weights)


def test_the_survey_picks_few():
    engine = CompiledEngine(problem(8), start(8, 500))
    engine.advance(make_stream(8, 1), 0, 50, np.arange(500))
    assert engine.may_have_ended(1e-12, True).mean() < 0.1


def test_an_end_of_many_small_rest_is_not_missed():
    m = 800
    c = np.full((1, m), np.sqrt(1.2e-16))
    c[0, 3] = 1.0
    engine = CompiledEngine(
        Problem(make_data(np.eye(m)), Activation.LINEAR, 0.1), torch.from_numpy(c)
    )
    assert engine.may_have_ended(1e-13, True).tolist() == [True]
    assert engine.may_have_ended(0.5e-13, True).tolist() == [False]


def test_calm_steps_stay_calm():
    """N <= 6/5 and alpha <= 1/2 imply the same of the next N (see ``touch_one``)."""
    alpha, norm, share = np.meshgrid(
        np.linspace(0.001, 0.5, 60), np.linspace(0, 1.2, 301), np.linspace(0, 1, 201)
    )
    power = share * norm
    s = 1 - alpha * power
    f = s + alpha * (2 - norm)
    after = s**2 * (norm - power) + f**2 * power
    b = 4 * (1 - norm) + alpha * (2 - norm) ** 2
    rewritten = norm + alpha * power * (b - alpha * power * (4 - 3 * norm))
    np.testing.assert_allclose(after, rewritten, atol=1e-14)
    assert after.max() <= 1.2 + 1e-12
    assert after[norm < 1.15].max() < 1.19, "with room between the points of the grid"
    # beyond alpha = 1/2 it is not true
    assert (1 + 2 * 0.6 * 0.7) ** 2 * 0.6 > 1.2


def test_whole_runs_end_alike():
    frame = random_frame(8, 32, 2)
    how = {"batch_size": 1, "step_size": 0.2, "seed": 2, "replicas": 40}
    ours, theirs = (train(frame, engine=name, **how) for name in ("compiled", "reduced"))
    assert ours.recipe.engine == "compiled"
    assert ours.status == theirs.status
    assert torch.equal(ours.steps, theirs.steps)
    assert torch.equal(ours.winner, theirs.winner)
    assert (ours.weights - theirs.weights).abs().max() < 1e-12


def test_recorded_states_are_those_of_the_reduced_engine():
    frame, how = random_frame(5, 6), {"max_steps": 200, "record_at": [0, 3, 4, 77, 200]}
    ours, theirs = (train(frame, engine=name, **how).trajectory for name in ("compiled", "reduced"))
    assert ours.steps.tolist() == theirs.steps.tolist() == [0, 3, 4, 77, 200]
    np.testing.assert_allclose(ours.correlations, theirs.correlations, atol=1e-13)


def test_a_checkpoint_is_resumed_to_the_same_bits(tmp_path):
    from whichmin.core.training import checkpoint
    from whichmin.core.training.checkpoint import restore
    from whichmin.core.training.trainer import finish

    how = {"engine": "compiled", "max_steps": 4000, "seed": 3, "tolerance": 1e-6}
    whole = train(random_frame(6, 8), replicas=100, **how)
    settings = TrainingSettings(**how, checkpointed=True)
    run = prepare(random_frame(6, 8), None, settings, replicas=100)

    class Stop(Exception):
        pass

    def stop(*_):
        if run.steps > 300:
            raise Stop

    file = tmp_path / "run.npz"
    with pytest.raises(Stop):
        finish([run], file, 1e-9, stop)
    again = restore(checkpoint.load(file, "file"))
    assert 0 < again[0].steps < int(whole.steps.max())
    result = finish(again, None, 60.0, None)[0]
    assert torch.equal(result.weights, whole.weights)
    assert torch.equal(result.steps, whole.steps)


@pytest.mark.parametrize(
    ("data", "more"),
    [(np.array([[1.0, 0.5]]), {"handling": "as-is"}), (np.eye(3), {"dtype": "float32"})],
)
def test_other_problems_are_refused(data, more):
    with pytest.raises(InputError, match="orthonormal and in float64"):
        train(data, engine="compiled", **more)
    assert train(data, max_steps=3, **more).recipe.engine in {"reduced", "gram"}


def chosen(data=None, step_size=1e-3, replicas=1, **more):
    data = np.eye(4) if data is None else data
    settings = TrainingSettings(step_size=step_size, engine="auto", **more)
    return prepare(data, None, settings, replicas=replicas).recipe.engine


def test_auto_picks_it_for_long_runs():
    assert chosen(max_steps=10**7) == "compiled"
    single = make_data(np.eye(4), dtype="float32")
    assert chosen(single, max_steps=10**7, tolerance=1e-4) == "reduced"
    assert chosen(max_steps=10**7, batch_size=None, step_size=1e-4) == "compiled"
    assert chosen(max_steps=10**7, record_at=1000) == "compiled"
    assert chosen(max_steps=10**7, record_at=[0, 10**6]) == "compiled"
    assert (
        chosen(step_size=0.9, max_steps=10**6) == "compiled"
    )  # beyond the theory: the limit counts


def test_auto_leaves_it_alone_for_runs_that_end_soon():
    for more in ({}, {"max_steps": 10**7}, {"max_steps": 10**7, "batch_size": None}):
        assert chosen(step_size=0.1, **more) == "reduced"
    assert chosen(max_steps=10**4) == "reduced"
    # One replica's work is small, that of a hundred thousand is not.
    assert chosen(replicas=100_000, step_size=0.1) == "compiled"


def test_auto_does_not_pick_it_to_record_nearly_every_step():
    for every, engine in [(1, "reduced"), (10, "reduced"), (100, "compiled")]:
        assert chosen(max_steps=10**6, record_at=every) == engine


@pytest.mark.parametrize("step_size", [5e-324, 1e-250, 1e300])
def test_step_sizes_beyond_its_units_are_refused(step_size):
    with pytest.raises(InputError, match=r"step_size = .*moderate"):
        CompiledEngine(problem(3, step_size=step_size), start(3, 1))
