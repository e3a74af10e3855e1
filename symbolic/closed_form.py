"""Hold an expression with the derivation that reaches it, and evaluate it."""

from __future__ import annotations

import functools
import math
import numbers
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from whichmin.errors import InputError
from whichmin.symbolic.derivation import Derivation, vanishes
from whichmin.symbolic.printing import as_text

__all__ = ["ClosedForm"]


@dataclass(frozen=True)
class ClosedForm:
    """Hold a result of the symbolic layer.

    Attributes:
        id: Stable name, ``group.quantity``.
        statement: What the expression is, in one line.
        expression: The result.
        derivation: The chain that ends in the expression.
        source: Where the literature states it, or what it follows from.
        topic: Module or package of :mod:`whichmin.symbolic` that derives it.

    Example:
        >>> from whichmin.symbolic import closed_form
        >>> closed_form("sharpness.trace_at_minimum")(n=32, m=8, k=5, kappa=0.5)
        3.6875
    """

    id: str
    statement: str
    expression: sp.Expr
    derivation: Derivation
    source: str
    topic: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the names of the free symbols, sorted."""
        return tuple(sorted(str(symbol) for symbol in self.expression.free_symbols))

    @property
    def start(self) -> sp.Expr:
        """Return what the derivation starts from."""
        return self.derivation.start

    @property
    def result(self) -> sp.Expr:
        """Return the expression."""
        return self.expression

    @property
    def definitions(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Return what symbols stand for."""
        return self.derivation.definitions

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """Return the equations that the form and the forms it follows from suppose."""
        return self.derivation.conditions

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """Return the equations of the model that the form rests on."""
        return self.derivation.hypotheses

    @property
    def argued(self) -> tuple[str, ...]:
        """Return the steps that are argued in words; a claim that rests on one is not proved."""
        inherited = {line for used in self.derivation.uses for line in used.argued}
        return tuple(
            line if line in inherited else f"{self.id}, {line}" for line in self.derivation.argued
        )

    @property
    def under(self) -> str:
        """Return the conditions in one line, empty if there are none."""
        return ", ".join(f"{as_text(e.lhs)} = {as_text(e.rhs)}" for e in self.conditions)

    def failures(self) -> list[str]:
        """Describe what is wrong with the form, symbolically.

        Returns:
            One line per step that does not hold, and one if the chain ends elsewhere.
        """
        lines = self.derivation.failures()
        if not vanishes(self.derivation.result - self.expression):
            lines.append(
                f"the derivation ends in {self.derivation.result}, the closed form states "
                f"{self.expression}"
            )
        return lines

    def exact(self, **values: Any) -> sp.Expr:
        """Evaluate in exact arithmetic.

        Args:
            **values: Integers, fractions or SymPy expressions by name; others stay symbolic.

        Returns:
            The expression with the values substituted.

        Raises:
            InputError: A name is not an argument of this form, or a value is no number.
        """
        self._check_names(values, complete=False)
        by_name = {str(symbol): symbol for symbol in self.expression.free_symbols}
        exact = {}
        for name, value in values.items():
            try:
                # Strict: a string would be evaluated as code.
                exact[by_name[name]] = sp.sympify(value, strict=True)
            except sp.SympifyError as error:
                raise InputError(
                    name, value, "must be a number, a fraction or a SymPy expression"
                ) from error
        return sp.sympify(self.expression.subs(exact))

    def __call__(self, **values: Any) -> Any:
        """Evaluate on numbers, NumPy arrays or PyTorch tensors (broadcast together).

        Args:
            **values: One value per argument.

        Returns:
            The value, in the kind of array that came in.

        Raises:
            InputError: An argument is missing, unknown, no number, or of a sign that the symbol
                cannot have.
        """
        self._check_names(values, complete=True)
        torch = sys.modules.get("torch")
        backend = "numpy"
        if torch is not None and any(isinstance(v, torch.Tensor) for v in values.values()):
            backend = "torch"
            values = {
                # Through NumPy: torch would make a Python float a float32.
                name: v
                if isinstance(v, torch.Tensor)
                else torch.as_tensor(np.asarray(self._number(name, v)))
                for name, v in values.items()
            }
        else:
            values = {name: self._number(name, v) for name, v in values.items()}
        for symbol in self.expression.free_symbols:
            self._check_sign(symbol, values[str(symbol)])
        return _compiled(self.expression, self.arguments, backend)(*map(values.get, self.arguments))

    @staticmethod
    def _number(name: str, value: Any) -> Any:
        if isinstance(value, numbers.Real):
            return value
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise InputError(name, value, "must be a real number or an array of real numbers")
        return array

    @staticmethod
    def _check_sign(symbol: sp.Symbol, value: Any) -> None:
        """Refuse a value that does not fit what the derivation assumed of the symbol."""
        if symbol.is_positive:
            fits, allowed = value > 0, "must be positive"
        elif symbol.is_nonnegative and symbol.is_integer:
            # Not of real symbols: N - C may well be -1e-17 by rounding.
            fits, allowed = value >= 0, "must not be negative"
        else:
            return
        if not bool(fits.all() if hasattr(fits, "all") else fits):
            raise InputError(str(symbol), value, allowed)

    def _check_names(self, values: dict[str, Any], complete: bool) -> None:
        expected = ", ".join(self.arguments) or "(none)"
        for name in values:
            if name not in self.arguments:
                raise InputError("argument", name, f"{self.id} takes: {expected}")
        missing = [name for name in self.arguments if name not in values]
        if complete and missing:
            raise InputError("arguments", sorted(values), f"{self.id} takes: {expected}")


@functools.lru_cache(maxsize=1024)
def _compiled(expression: sp.Expr, arguments: tuple[str, ...], backend: str) -> Any:
    by_name = {str(symbol): symbol for symbol in expression.free_symbols}
    modules: Any = backend
    if backend == "torch":
        torch = sys.modules["torch"]
        # torch.log takes no Python number, as in log(4).
        modules = [{"log": lambda x: torch.log(x) if torch.is_tensor(x) else math.log(x)}, "torch"]
    return sp.lambdify([by_name[name] for name in arguments], expression, modules=modules)
