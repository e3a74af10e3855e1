"""Register closed forms where they are derived, and find them by id or by topic.

A topic is a module or a package of this folder. Its closed forms are the functions that
:func:`derives` decorates; nothing else has to list them. Importing a topic derives nothing: a form
is derived when it is first asked for, and kept.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace

import sympy as sp

from whichmin.errors import InputError
from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.rules import Definition, define

__all__ = ["closed_form", "closed_forms", "derives", "forms_of", "recall"]

_PACKAGE = __name__.rpartition(".")[0]
_FORMS: dict[str, Callable[[], ClosedForm]] = {}
# The forms that the derivation in the making has asked for, by id.
_ASKED: ContextVar[dict[str, ClosedForm] | None] = ContextVar("asked", default=None)


def derives(
    name: str, source: str, where: str = ""
) -> Callable[[Callable[[], Derivation]], Callable[[], ClosedForm]]:
    """Make a derivation a closed form, and register it.

    The statement of the form is the first line of the docstring, without "Derive the", followed by
    ``where``. The topic is the name of the module or package that holds the function. Forms that
    the function asks for are recorded: what they suppose, the new form supposes too.

    Args:
        name: Id of the form, ``group.quantity``.
        source: Where the literature states the result, or what it follows from.
        where: What the symbols of the statement stand for, or when it holds.

    Returns:
        A decorator. What it returns takes no argument, derives the form at the first call and
        returns the same one ever after.
    """

    def decorate(derive: Callable[[], Derivation]) -> Callable[[], ClosedForm]:
        summary = (derive.__doc__ or "").partition("\n")[0].removesuffix(".")
        summary = summary.removeprefix("Derive ").removeprefix("the ").replace("``", "")
        statement = f"{summary}, {where}" if where else summary

        @functools.cache
        def derived() -> ClosedForm:
            asked: dict[str, ClosedForm] = {}
            token = _ASKED.set(asked)
            try:
                chain = derive()
            finally:
                _ASKED.reset(token)
            chain = replace(chain, uses=(*chain.uses, *asked.values()))
            return ClosedForm(name, statement, chain.result, chain, source, _topic(derive))

        @functools.wraps(derive)
        def form() -> ClosedForm:
            found = derived()
            asked = _ASKED.get()
            if asked is not None:
                asked[name] = found
            return found

        # Functions have no such attributes for type checkers: one tells whether a form is derived
        # yet, the other what the documentation shows.
        form.cache_info = derived.cache_info  # type: ignore[attr-defined]
        form.__signature__ = inspect.Signature(return_annotation=ClosedForm)  # type: ignore[attr-defined]
        cited = source.replace("|", r"\|")  # a bar would begin a substitution
        symbols = f" With ``{where}``." if where else ""
        form.__doc__ = f"{inspect.getdoc(derive)}\n\nId ``{name}``.{symbols} Source: {cited}."
        known = _FORMS.get(name, form)
        if (known.__module__, known.__qualname__) != (form.__module__, form.__qualname__):
            raise InputError("name", name, f"must be new, {known.__module__} has a form of this id")
        _FORMS[name] = form
        return form

    return decorate


def forms_of(module: str) -> Callable[[], tuple[ClosedForm, ...]]:
    """Make the function that returns the closed forms of one module, in the order of its lines.

    Args:
        module: Full name of the module, its ``__name__``.

    Returns:
        The function. It derives the forms when it is called.
    """

    def forms() -> tuple[ClosedForm, ...]:
        return tuple([form() for form in _FORMS.values() if form.__module__ == module])

    forms.__module__ = module
    forms.__doc__ = f"Derive the closed forms of ``{module}``."
    return forms


def recall(form: ClosedForm, *symbols: sp.Symbol) -> tuple[Definition, ...]:
    """Use definitions that the derivation of another form has made.

    Args:
        form: The form.
        *symbols: What it defines.

    Returns:
        One rule each.

    Raises:
        InputError: The form defines no such symbol.
    """
    known = form.derivation.definitions
    for symbol in symbols:
        if symbol not in known:
            raise InputError("symbol", symbol, f"{form.id} defines: {sorted(map(str, known))}")
    return define({symbol: known[symbol] for symbol in symbols})


def _topic(derive: Callable[[], object]) -> str:
    """Name the module or package of this folder that holds a function."""
    return derive.__module__.removeprefix(f"{_PACKAGE}.").partition(".")[0]


@functools.cache
def _import_topics() -> None:
    """Import every module of this package, so that its closed forms are registered."""
    package = importlib.import_module(_PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{_PACKAGE}."):
        importlib.import_module(module.name)


def _in_order() -> dict[str, Callable[[], ClosedForm]]:
    """Sort what is registered by module, whatever was imported first."""
    _import_topics()
    return dict(sorted(_FORMS.items(), key=lambda item: item[1].__module__))


class _Forms(Mapping[str, ClosedForm]):
    """Closed forms by id, read-only; each is derived when it is taken out."""

    def __init__(self, forms: Mapping[str, Callable[[], ClosedForm]]) -> None:
        self._forms = forms

    def __getitem__(self, name: str) -> ClosedForm:
        return self._forms[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._forms

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def __repr__(self) -> str:
        return f"closed forms: {', '.join(self)}"


def closed_forms(topic: str | None = None) -> Mapping[str, ClosedForm]:
    """Return closed forms by id.

    Args:
        topic: Name of a module or package of this folder, such as ``hessian``; None for all.

    Returns:
        A read-only mapping, sorted by module; within a module as the forms are written. A form is
        derived when it is first taken out, which takes seconds for all.

    Raises:
        InputError: No form belongs to this topic.
    """
    found = {name: form for name, form in _in_order().items() if topic in {None, _topic(form)}}
    if not found:
        topics = sorted({_topic(form) for form in _FORMS.values()})
        raise InputError("topic", topic, f"must be None or one of: {', '.join(topics)}")
    return _Forms(found)


def closed_form(name: str) -> ClosedForm:
    """Return one closed form; only this form and those that it starts from are derived.

    Args:
        name: Its id, such as ``landscape.minimum``.

    Returns:
        The form.

    Raises:
        InputError: No form has this id.
    """
    forms = _in_order()
    if name not in forms:
        raise InputError("name", name, f"must be one of: {', '.join(forms)}")
    return forms[name]()
