"""The contenders of the benchmark: ways to train with PyTorch, our engines, and ways with JAX.

A contender is set up for a workload and a number of replicas and then takes steps: setting up and
reading out the weights are not part of a step. Names are known without importing anything heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from whichmin.bench.workload import Workload
from whichmin.errors import MissingDependency
from whichmin.words import EngineName

if TYPE_CHECKING:
    import torch

__all__ = ["BASELINE", "CONTENDERS", "Contender", "Running"]

BASELINE = "published"

# Numbers that all replicas together may hold in a step (64 MiB in float64), and operations that
# setting up an engine may take: it projects every start on every point.
_NUMBERS = 1 << 23
_SETTING_UP = 1 << 28
# Fewer replicas than this leave vector units idle.
_FEW = 64
_INDICES_AHEAD = 1 << 20


class Running(Protocol):
    """Replicas that a contender is training.

    Attributes:
        chunk: Steps are taken in multiples of this.
    """

    chunk: int

    def advance(self, steps: int) -> None:
        """Take steps.

        Args:
            steps: How many, a multiple of ``chunk``.
        """

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""


@dataclass(frozen=True)
class Contender:
    """A way to train the model.

    Attributes:
        name: What ``--contender`` takes.
        description: What it is, in a line.
        begin: Function of a workload, a number of replicas, and whether the batches must be those
            of the workload's stream (otherwise a contender may draw its own); gives what advances.
        replicas: Replicas that suit it when m is small.
        numbers: Numbers that a replica holds in a step.
        needs: Package that it needs besides ours.
    """

    name: str
    description: str
    begin: Callable[[Workload, int, bool], Running]
    replicas: int = 1
    numbers: Callable[[Workload], int] = lambda workload: workload.n
    needs: str = ""

    @property
    def alone(self) -> bool:
        """Whether it runs one replica, on one thread."""
        return self.replicas == 1

    def fitting(self, workload: Workload, asked: int | None = None) -> int:
        """Choose the number of replicas to run.

        Args:
            workload: The problem.
            asked: Number asked for; contenders that run one replica at a time get 1.

        Returns:
            The number asked for, or the contender's own, less where memory demands it.
        """
        if self.alone:
            return 1
        quick = max(_FEW, _SETTING_UP // (workload.m * workload.n))
        small = max(1, _NUMBERS // self.numbers(workload))
        return asked or min(self.replicas, quick, small)

    def started(self, workload: Workload, replicas: int, same_batches: bool) -> Running:
        """Set up the contender, or say which missing package to install.

        Args:
            workload: The problem.
            replicas: Number of replicas.
            same_batches: Whether the batches must be those of the workload's stream.

        Returns:
            The replicas, ready to take steps.

        Raises:
            MissingDependency: The package that it needs is not installed.
            ImportError: Another package cannot be imported.
        """
        from whichmin.core.threads import single_threaded

        try:
            # Not timed; on a busy machine PyTorch's threads wait for each other without end.
            with single_threaded():
                return self.begin(workload, replicas, same_batches)
        except ImportError as error:
            if not self.needs or isinstance(error, MissingDependency):
                raise
            raise MissingDependency(
                self.needs, f"the contender {self.name} runs on it", "pip install 'whichmin[bench]'"
            ) from error

    def run(self, workload: Workload, steps: int, replicas: int) -> torch.Tensor:
        """Train on the workload's own batches.

        The steps are taken in two parts, so that what happens between calls counts too.

        Args:
            workload: The problem.
            steps: Number of steps, at least 2.
            replicas: Number of replicas.

        Returns:
            Weights, shape ``(replicas, n)``.
        """
        from whichmin.core.threads import single_threaded

        running = self.started(workload, replicas, True)
        running.advance(steps // 2)
        running.advance(steps - steps // 2)
        with single_threaded():
            return running.weights()


def _batches(workload: Workload, first: int, steps: int, replicas: int) -> Iterator[Any]:
    """Give the batches of some steps, drawn ahead in chunks.

    Yields:
        Indices, shape ``(replicas, b)``; a slice of everything for full batches.
    """
    import numpy as np
    import torch

    chunk = max(1, _INDICES_AHEAD // (replicas * workload.batch_size))
    for start in range(first, first + steps, chunk):
        stop = min(start + chunk, first + steps)
        indices = workload.stream.indices(start, stop, np.arange(replicas))
        for step in range(stop - start):
            yield slice(None) if indices is None else torch.from_numpy(indices[step])


def _loss(weight: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
    """Mean over the batch of ``|a - w relu(<w, a>)|^2 / 2``, as one writes it."""
    inner = (batch @ weight).relu()
    return 0.5 * ((batch - inner.unsqueeze(1) * weight) ** 2).sum(dim=1).mean()


class _Published:
    """The article's way: one sample a step, backward, update by hand, ``loss.item()``."""

    chunk = 1

    def __init__(self, workload: Workload, replicas: int, same_batches: bool) -> None:
        import torch

        del replicas, same_batches
        self.workload, self.taken = workload, 0
        self.weight = torch.nn.Parameter(workload.start(1)[0])
        self._prepare()

    def _prepare(self) -> None:
        """Set up what else a step needs."""

    def advance(self, steps: int) -> None:
        import torch

        points, history = self.workload.problem.data.points, []
        for batch in _batches(self.workload, self.taken, steps, 1):
            torch.randperm(self.workload.m)  # the article draws a permutation for every batch
            chosen = points[batch if isinstance(batch, slice) else batch[0]]
            loss = _loss(self.weight, chosen)
            loss.backward()
            with torch.no_grad():
                assert self.weight.grad is not None
                self.weight.sub_(self.workload.step_size * self.weight.grad)
                self.weight.grad.zero_()
            history.append(loss.item())
        self.taken += steps

    def weights(self) -> torch.Tensor:
        return self.weight.detach()[None].clone()


class _Optimiser(_Published):
    """``torch.optim.SGD`` with autograd, without what else the article does."""

    def _prepare(self) -> None:
        import torch

        self.optimiser = torch.optim.SGD([self.weight], lr=self.workload.step_size)

    def advance(self, steps: int) -> None:
        points = self.workload.problem.data.points
        for batch in _batches(self.workload, self.taken, steps, 1):
            self.optimiser.zero_grad()
            _loss(self.weight, points[batch if isinstance(batch, slice) else batch[0]]).backward()
            self.optimiser.step()
        self.taken += steps


class _Vmap:
    """``torch.func``: the gradient of one replica's loss, mapped over replicas."""

    chunk = 1

    def __init__(self, workload: Workload, replicas: int, same_batches: bool) -> None:
        from torch.func import grad, vmap

        del same_batches
        self.workload, self.taken = workload, 0
        self.weight = workload.start(replicas)
        shared = workload.stream.is_full_batch
        self.gradient = vmap(grad(_loss), in_dims=(0, None if shared else 0))

    def advance(self, steps: int) -> None:
        points, size = self.workload.problem.data.points, self.workload.step_size
        for batch in _batches(self.workload, self.taken, steps, len(self.weight)):
            self.weight -= size * self.gradient(self.weight, points[batch])
        self.taken += steps

    def weights(self) -> torch.Tensor:
        return self.weight.clone()


class _EngineRun:
    """One of our engines, advanced by the loop that runs training."""

    chunk = 1

    def __init__(self, name: EngineName, workload: Workload, replicas: int) -> None:
        import numpy as np

        from whichmin.core.engines import ENGINES

        self.workload, self.taken = workload, 0
        self.replicas = np.arange(replicas)
        self.engine = ENGINES[name](workload.problem, workload.start(replicas))

    def advance(self, steps: int) -> None:
        from whichmin.core.training.run import advance

        last = self.taken + steps
        advance(self.engine, self.workload.stream, self.taken, last, self.replicas)
        self.taken = last

    def weights(self) -> torch.Tensor:
        return self.engine.weights()


def _engine(name: EngineName) -> Contender:
    # What an engine is not listed with suits one that holds correlations only.
    spread, replicas = {
        EngineName.AUTOGRAD: (lambda w: 4 * w.batch_size * w.n, 1 << 12),
        EngineName.DENSE: (lambda w: 2 * w.batch_size * w.n, 1 << 12),
        EngineName.REDUCED: (lambda w: w.m + w.batch_size, 1 << 14),
    }.get(name, (lambda w: w.m + w.batch_size, 1 << 12))
    return Contender(
        name.value,
        f"our engine {name.value}, all replicas together",
        lambda workload, count, _: _EngineRun(name, workload, count),
        replicas,
        spread,
    )


def _jax(kind: str) -> Callable[[Workload, int, bool], Running]:
    def begin(workload: Workload, replicas: int, same_batches: bool) -> Running:
        from whichmin.bench.jax_contenders import Autodiff, Reduced

        made = {"autodiff": Autodiff, "reduced": Reduced}[kind]
        running: Running = made(workload, replicas, same_batches)
        return running

    return begin


_LISTED = (
    Contender(BASELINE, "the published loop: autograd, update by hand, loss.item()", _Published),
    Contender("torch-sgd", "torch.optim.SGD with autograd, one replica", _Optimiser),
    Contender(
        "torch-vmap", "torch.func.vmap of grad over replicas", _Vmap, 1 << 12,
        lambda w: 4 * w.batch_size * w.n,
    ),
    *(_engine(name) for name in EngineName if name is not EngineName.AUTO),
    Contender(
        "jax-autodiff", "JAX: lax.scan of vmap of grad", _jax("autodiff"), 1 << 12,
        lambda w: 4 * w.batch_size * w.n, needs="jax",
    ),
    Contender(
        "jax-reduced", "JAX by hand: correlations, gather and scatter", _jax("reduced"), 1 << 12,
        lambda w: w.m + w.batch_size, needs="jax",
    ),
)  # fmt: skip
CONTENDERS: dict[str, Contender] = {contender.name: contender for contender in _LISTED}
