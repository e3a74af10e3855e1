"""Mutants: correct targets with a small change of their source text."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.mutants.variants import Variant

__all__ = ["Mutant", "build", "correct"]


@dataclass(frozen=True)
class Mutant:
    """A faulty implementation of one function, as a change of a correct one.

    Attributes:
        id: ``function.fault``.
        wrong: What is wrong, in a few words.
        change: Old text and new text within the function; each old text occurs in it once.
        cause: Text that the diagnosis or the message of a failed check must contain; None if no
            check is expected to name the cause.
        checks: Ids of checks of which at least one must fail.
        base: Module of this package that is changed.
        inside: Helper whose text is changed, if it is not the function itself.
        declares: Conventions that it declares, besides those of its base.
        isolation: Where it runs; what hangs or crashes needs a process.
        noted: Whether it is no failure but must be reported in a note.
        source: Where such a bug was seen, if it was.
    """

    id: str
    wrong: str
    change: tuple[tuple[str, str], ...]
    cause: str | None
    checks: tuple[str, ...]
    base: str = "reference"
    inside: str = ""
    declares: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = "inline"
    noted: bool = False
    source: str = ""

    @property
    def function(self) -> str:
        """The function of the protocol that is faulty."""
        return self.id.partition(".")[0]


@functools.cache
def _source(base: str) -> tuple[str, str]:
    path = Path(__file__).with_name(f"{base}.py")
    return path.read_text(encoding="utf-8"), str(path)


def _changed(mutant: Mutant | Variant) -> str:
    text, _ = _source(mutant.base)
    name = mutant.inside or mutant.function
    found = re.search(rf"^def {name}\(.*?(?=^[^\s)]|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise InputError("mutant", mutant.id, f"must change a function of {mutant.base}")
    part = found.group()
    for old, new in mutant.change:
        if part.count(old) != 1:
            raise InputError("mutant", mutant.id, f"{old!r} must occur once in {name}")
        part = part.replace(old, new)
    return text[: found.start()] + part + text[found.end() :]


def build(mutant: Mutant | Variant) -> SimpleNamespace:
    """Make the target of a mutant or a variant, an object with the one function.

    Args:
        mutant: The mutant, or the variant.

    Returns:
        The target.

    Raises:
        InputError: Its change does not fit its base.
    """
    text = _changed(mutant)
    module = ModuleType(f"mutant {mutant.id}")
    code = compile(text, f"<mutant {mutant.id}>", "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 - our own text
    if not hasattr(module, mutant.function):
        raise InputError("mutant", mutant.id, f"{mutant.base} must provide {mutant.function}")
    return _only(module, mutant.function, {"name": mutant.id, **mutant.declares})


def correct(base: str, function: str) -> SimpleNamespace:
    """Return the unchanged function of a base, as a target.

    Args:
        base: Module of this package.
        function: Function of the protocol.

    Returns:
        The target.
    """
    module = importlib.import_module(f"whichmin.verification.oracle.mutants.{base}")
    return _only(module, function, {"name": base})


def _only(module: ModuleType, function: str, declared: Mapping[str, Any]) -> SimpleNamespace:
    whole = {**module.WHICHMIN, **declared}
    estimates = {k: v for k, v in whole.get("stochastic", {}).items() if k == function}
    return SimpleNamespace(
        **{function: getattr(module, function)}, WHICHMIN={**whole, "stochastic": estimates}
    )
