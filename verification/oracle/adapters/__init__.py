"""Adapters that make other people's tools, and ours, targets of the oracle.

An adapter translates the interface of a tool and declares its conventions; it does not correct
results. Its module raises :class:`~whichmin.errors.MissingDependency` at import if the library is
absent. ``from_module`` makes a target of your own PyTorch module with its optimiser and loop,
``from_jax`` of your loss in JAX with an optimiser of optax.
"""

from whichmin.lazy import attach_stub

__getattr__, __all__ = attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return __all__
