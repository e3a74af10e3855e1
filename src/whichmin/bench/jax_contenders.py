"""Contenders in JAX, in float64: the fastest that we could write, without changing JAX's settings.

Batches come from the workload's stream when weights are compared, and from ``jax.random`` (the
``rbg`` generator, the fastest of its own on a CPU) within the scan when time is measured.

Variants of the hand-reduced step that were tried at m = 8 and b = 1, and were slower by factors
of 1.4 to 5: the threefry generator; one draw a step in place of one for 64 steps; the batch as a
mask over all m coordinates, in one array or in m of them; factors applied at once; unrolled scans;
fewer or more replicas than 4096.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from whichmin.bench.workload import Workload

__all__ = ["Autodiff", "Reduced"]

# Floyd's subsets compare every new element with those before; a larger batch is cheaper sorted.
_SORTED_FROM = 16
# Random indices drawn at once.
_DRAWN = 1 << 20


def _float64() -> AbstractContextManager[Any]:
    """Allow float64 here and nowhere else.

    Returns:
        A context.
    """
    import jax

    context: AbstractContextManager[Any] = jax.enable_x64(True)
    return context


def _bounded(words: Any, bound: int) -> Any:
    """Turn 32-bit words into integers below ``bound``, uniform up to ``bound / 2^32``.

    Returns:
        Integers (int32), same shape.
    """
    import jax.numpy as jnp

    return ((words.astype(jnp.uint64) * bound) >> 32).astype(jnp.int32)


def _subsets(key: Any, steps: int, replicas: int, m: int, b: int) -> Any:
    """Draw batches without replacement.

    Returns:
        Indices, shape ``(steps, replicas, b)``.
    """
    import jax
    import jax.numpy as jnp

    if b > _SORTED_FROM:
        words = jax.random.bits(key, (steps, replicas, m), jnp.uint32)
        return jax.lax.top_k(words, b)[1]
    words = jax.random.bits(key, (b, steps, replicas), jnp.uint32)
    chosen: list[Any] = []
    for place in range(b):
        drawn = _bounded(words[place], m - b + place + 1)
        taken = jnp.zeros(drawn.shape, bool)
        for earlier in chosen:
            taken |= drawn == earlier
        chosen.append(jnp.where(taken, m - b + place, drawn))
    return jnp.stack(chosen, -1)


class _Scanned:
    """A step, scanned over batches that are given or drawn."""

    chunk: int

    def __init__(self, workload: Workload, replicas: int, same_batches: bool) -> None:
        import jax

        self.workload, self.replicas, self.same = workload, replicas, same_batches
        if same_batches:
            self.chunk = 1
        self.taken = 0
        drawn = replicas * (workload.batch_size if workload.batch_size <= _SORTED_FROM
                            else workload.m)  # fmt: skip
        self.block = self.chunk
        while self.block > 1 and self.block * drawn > _DRAWN:
            self.block //= 2
        with _float64():
            self.key = jax.random.key(workload.seed % 2**63, impl="rbg")
            self.state = self.begin()
            self.advanced = jax.jit(self._given if same_batches else self._drawn, donate_argnums=0)

    def begin(self) -> Any:
        """Return the state that :meth:`step` changes."""
        raise NotImplementedError

    def step(self, state: Any, batch: Any) -> Any:
        """Take one step.

        Args:
            state: The state.
            batch: Indices, shape ``(replicas, b)``; None for full batches.

        Returns:
            The new state.
        """
        raise NotImplementedError

    def settled(self, state: Any) -> Any:
        """Return the state in its usual form; called after each chunk of steps."""
        return state

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        raise NotImplementedError

    def _given(self, state: Any, batches: Any, steps: Any) -> Any:
        import jax

        if batches is None:
            return self.settled(
                jax.lax.fori_loop(0, steps, lambda _, state: self.step(state, None), state)
            )
        return self.settled(
            jax.lax.scan(lambda state, batch: (self.step(state, batch), None), state, batches)[0]
        )

    def _drawn(self, state: Any, key: Any) -> Any:
        import jax

        b, m = self.workload.batch_size, self.workload.m

        def one(state: Any, batch: Any) -> tuple[Any, None]:
            return self.step(state, batch), None

        def block(state: Any, key: Any) -> tuple[Any, None]:
            batches = None if b == m else _subsets(key, self.block, self.replicas, m, b)
            return jax.lax.scan(one, state, batches, length=self.block)[0], None

        keys = jax.random.split(key, self.chunk // self.block)
        return self.settled(jax.lax.scan(block, state, keys)[0])

    def advance(self, steps: int) -> None:
        import jax
        import jax.numpy as jnp
        import numpy as np

        with _float64():
            if self.same:
                last, lanes = self.taken + steps, np.arange(self.replicas)
                indices = self.workload.stream.indices(self.taken, last, lanes)
                given = None if indices is None else jnp.asarray(indices.astype(np.int32))
                self.state = self.advanced(self.state, given, steps)
            else:
                for start in range(self.taken, self.taken + steps, self.chunk):
                    key = jax.random.fold_in(self.key, start // self.chunk)
                    self.state = self.advanced(self.state, key)
            jax.block_until_ready(self.state)
        self.taken += steps


class Autodiff(_Scanned):
    """Automatic gradients of the loss, with ``vmap`` over replicas and ``lax.scan`` over steps."""

    chunk = 16

    def begin(self) -> Any:
        """Return the weights, shape ``(replicas, n)``."""
        import jax
        import jax.numpy as jnp

        self.points = jnp.asarray(self.workload.problem.data.points.numpy())

        def loss(weight: Any, batch: Any) -> Any:
            inner = jnp.maximum(batch @ weight, 0)
            return 0.5 * jnp.mean(jnp.sum((batch - inner[:, None] * weight) ** 2, 1))

        full = self.workload.stream.is_full_batch
        self.gradient = jax.vmap(jax.grad(loss), in_axes=(0, None if full else 0))
        return jnp.asarray(self.workload.start(self.replicas).numpy())

    def step(self, state: Any, batch: Any) -> Any:
        """Take one step (see above)."""
        chosen = self.points if batch is None else self.points[batch]
        return state - self.workload.step_size * self.gradient(state, chosen)

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        import numpy as np
        import torch

        return torch.from_numpy(np.array(self.state))


class Reduced(_Scanned):
    r"""The step in correlation coordinates, with a common factor that is applied late.

    The correlations are :math:`c_j = \sigma d_j`. For the points j of a batch let
    :math:`S = \sum_j \varphi(c_j)^2`, :math:`s = 1 - \alpha S`, :math:`g = \alpha (2 - N)`:

    .. math:: \sigma \leftarrow s\,\sigma, \qquad
              d_j \leftarrow \frac{s\,c_j + g\,\varphi(c_j)}{s\,\sigma}, \qquad
              N \leftarrow s^2 N + (2 s g + g^2)\,S

    so a step changes b coordinates. Full batches change two factors only, that of the positive
    coordinates and that of the others.
    """

    # 0.79^512 is 1e-52 (s >= 1 - alpha N >= 0.79): factors stay far from underflow within a chunk.
    chunk = 512

    def begin(self) -> Any:
        """Return coordinates, factors, ``N``, ``C`` and the factor of what is off the span."""
        import jax.numpy as jnp

        from whichmin.core.summation import project

        points = self.workload.problem.data.points
        c, self.off_span = project(self.workload.start(self.replicas), points)
        rows = jnp.asarray(c.T.contiguous().numpy()).reshape(-1)
        ones = jnp.ones(self.replicas, rows.dtype)
        self.off_energy = jnp.asarray(self.off_span.square().sum(1).numpy())
        self.base = jnp.arange(self.replicas, dtype=jnp.int32)[:, None] * self.workload.m
        return self._renewed(rows, ones)

    def _renewed(self, rows: Any, off: Any) -> Any:
        """Compute ``N`` and ``C`` from the coordinates.

        Returns:
            The state with factors of 1.
        """
        import jax.numpy as jnp

        table = rows.reshape(self.replicas, -1)
        norm = (table**2).sum(1) + off**2 * self.off_energy
        energy = (jnp.maximum(table, 0) ** 2).sum(1)
        one = jnp.ones_like(off)
        # Arrays that are given away to be overwritten must not be the same one twice.
        return rows, one, one + 0 * off, norm, energy, off

    def step(self, state: Any, batch: Any) -> Any:
        """Take one step (see above)."""
        import jax.numpy as jnp

        d, sigma, tau, norm, energy, off = state
        alpha = self.workload.alpha
        gain = alpha * (2 - norm)
        if batch is None:
            shrink = 1 - alpha * energy
            both = shrink + gain
            norm = shrink**2 * norm + (2 * shrink * gain + gain**2) * energy
            return d, sigma * shrink, tau * both, norm, both**2 * energy, off
        places = batch + self.base
        x = d.at[places].get(mode="promise_in_bounds", unique_indices=True) * sigma[:, None]
        code = jnp.maximum(x, 0)
        total = (code * code).sum(1)
        shrink = 1 - alpha * total
        sigma = sigma * shrink
        new = (shrink[:, None] * x + gain[:, None] * code) / sigma[:, None]
        d = d.at[places].set(new, mode="promise_in_bounds", unique_indices=True)
        norm = shrink * shrink * norm + (2 * shrink * gain + gain * gain) * total
        return d, sigma, tau, norm, energy, off

    def settled(self, state: Any) -> Any:
        """Apply the factors, and compute ``N`` and ``C`` anew so that rounding does not pile up."""
        import jax.numpy as jnp

        d, sigma, tau, _, _, off = state
        table = d.reshape(self.replicas, -1)
        factor = sigma[:, None]
        if self.workload.stream.is_full_batch:
            factor = jnp.where(table > 0, tau[:, None], factor)
        return self._renewed((table * factor).reshape(-1), off * sigma)

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        import numpy as np
        import torch

        rows, *_, off = (torch.from_numpy(np.array(part)) for part in self.state)
        points = self.workload.problem.data.points
        return rows.reshape(self.replicas, -1) @ points + off[:, None] * self.off_span
