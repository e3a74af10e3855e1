"""Say where a module is that is not found: renamed by version 0.2, or not installed."""

from __future__ import annotations

import importlib
import importlib.abc
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["MOVED", "MovedModules", "renamed"]

# Old name and new name, both below ``whichmin``.
MOVED = dict(
    line.split()
    for line in """
core.activations core.landscape
core.cells core.training.cells
core.checkpoint core.training.checkpoint
core.critical_batch core.quadratic.critical_batch
core.dynamics core.descent
core.ensemble core.training.ensemble
core.ensemble_result core.training.ensemble_result
core.exact_sums core.perturbation.exact_sums
core.flatness core.hessian
core.gradient_noise core.noise.covariance
core.histogram core.training.histogram
core.kernels core.engines.kernels
core.keskar_exact core.perturbation.box
core.layerwise core.rescaling.layerwise
core.measures core.instruments
core.moments core.training.moments
core.outcome core.training.outcome
core.posterior core.rescaling.posterior
core.reparameterisation core.rescaling.layers
core.result core.training.result
core.rises core.perturbation.rises
core.run core.training.run
core.sam core.perturbation.ball
core.sample_gradients core.noise.sample_gradients
core.session core.training.trainer
core.sharpness core.hessian
core.signals core.training.signals
core.summary core.training.summary
core.trajectory core.training.trajectory
core.training.session core.training.trainer
symbolic.critical_batch symbolic.quadratic.critical_batch
symbolic.dynamics symbolic.descent
symbolic.first_order symbolic.selection.first_order
symbolic.flatness symbolic.hessian.flatness
symbolic.gaussian symbolic.starts
symbolic.keskar symbolic.perturbation.keskar
symbolic.layerwise symbolic.rescaling.layerwise
symbolic.model symbolic.landscape.neuron
symbolic.noise_limits symbolic.noise.limits
symbolic.noise_sampling symbolic.noise.sampling
symbolic.posterior symbolic.rescaling.posterior
symbolic.reduction symbolic.landscape.reduction
symbolic.reparameterisation symbolic.rescaling.layers
symbolic.reshuffled symbolic.cyclic
symbolic.sam symbolic.perturbation.sam
symbolic.scaling symbolic.quadratic.scaling
symbolic.sharpness symbolic.hessian.trace
symbolic.spectrum symbolic.hessian.spectrum
symbolic.three_points symbolic.selection.three_points
verification.certificates verification.provers.certificates
verification.certified verification.topics.cyclic.certified
verification.checks verification.topics
verification.claim verification.evidence.claim
verification.claims verification.topics
verification.ends tables.ends
verification.ensemble_table tables.ensemble
verification.exact verification.topics.sgd.rational_sgd
verification.finality verification.topics.cyclic.finality
verification.formula verification.evidence.formula
verification.full_batch prediction.full_batch
verification.gaussian verification.topics.starts.laws
verification.gaussian_runs verification.topics.starts.gaussian
verification.hypotheses prediction.hypotheses
verification.keskar_search core.perturbation.box_search
verification.ledger ledger
verification.mini_batch prediction.mini_batch
verification.noise_table tables.noise
verification.prediction prediction.prediction
verification.provers.formula verification.evidence.formula
verification.prediction_table prediction.table
verification.quadratic verification.topics.quadratic.exact
verification.races verification.topics.selection.winner_statistics
verification.record verification.evidence.record
verification.rounding verification.evidence.rounding
verification.runner verification.evidence.runner
verification.self_check self_check
verification.sharpness_compared tables.sharpness_compared
verification.sharpness_instruments tables.sharpness_instruments
verification.sharpness_measures tables.sharpness_measures
verification.sharpness_minima tables.sharpness_minima
verification.sharpness_table tables.sharpness
verification.smt verification.provers.smt
verification.statistics verification.evidence.statistics
verification.strategies verification.topics.strategies
verification.subject verification.evidence.subject
verification.table_sizes tables.sizes
verification.three_points verification.topics.selection.finite_elements
""".strip().splitlines()
)


class MovedModules(importlib.abc.MetaPathFinder):
    """An import hook, asked after all others, that names the new home of a module that moved."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        """Raise an error that names the new module, if this one moved, or what to install.

        Args:
            fullname: Name of a module that no other finder knows.

        Raises:
            ModuleNotFoundError: The module moved.
            MissingDependency: The oracle is installed alone.
        """
        new = MOVED.get(fullname.removeprefix("whichmin."))
        if new is not None and fullname.startswith("whichmin."):
            raise ModuleNotFoundError(
                f"{fullname} moved in whichmin 0.2: import whichmin.{new}", name=fullname
            )
        if fullname.startswith("whichmin.") and not _here(fullname):
            from whichmin.errors import MissingDependency
            from whichmin.provenance import oracle_alone

            if oracle_alone():
                raise MissingDependency(
                    fullname, "the oracle is installed alone", "pip install whichmin"
                )


def _here(fullname: str) -> bool:
    """Whether a module has a file: pytest asks all finders, in its own way, for some that have."""
    place = Path(__file__).parent.joinpath(*fullname.split(".")[1:])
    return place.is_dir() or place.with_suffix(".py").exists()


def renamed(module: str, **names: str) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module some of whose names changed, or moved to another module.

    It finds a class or function by its old name, with a ``DeprecationWarning`` that says the new
    one.

    Args:
        module: Name of the module.
        **names: New names by old names, with the module in front where it is another one.

    Returns:
        The function; it raises ``AttributeError`` for any other name.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, new = names[name].rpartition(".")
        text = f"{module}.{name} is called {names[name]} since whichmin 0.2"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(home) if home else sys.modules[module], new)

    return find
