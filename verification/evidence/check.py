"""Define checks, and the evidence that they give: deviations in units of what is allowed."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from whichmin.errors import InputError
from whichmin.reporting import data_frame
from whichmin.verification.evidence.source_files import code_digest
from whichmin.words import EvidenceKind

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from whichmin.verification.evidence.subject import Subject

__all__ = [
    "SCHEMA",
    "Check",
    "Evidence",
    "Margin",
    "Report",
    "Settings",
    "check",
    "checks_of",
    "differs",
]

SCHEMA = "whichmin.evidence/2"


@dataclass(frozen=True)
class Margin:
    """A deviation with the largest one that is allowed.

    Attributes:
        what: What was compared, and where.
        error: Size of the deviation.
        bound: Largest deviation that rounding (or, for statistics, chance) explains.
        cases: Number of cases of which this is the worst.
        found: What was measured, for the reader, such as an estimate with its interval.
    """

    what: str
    error: float
    bound: float
    cases: int = 1
    found: str = ""

    @property
    def ratio(self) -> float:
        """Deviation in units of the bound; at most 1 holds, NaN counts as infinite."""
        if self.error == 0:
            return 0.0
        ratio = self.error / self.bound if self.bound > 0 else math.inf
        return math.inf if math.isnan(ratio) else ratio


def differs(what: str, claimed: float, found: float, uncertainty: float, cases: int = 1) -> Margin:
    r"""Make a margin that holds if two numbers differ by more than an uncertainty, for refutations.

    .. math:: \frac{\text{uncertainty}}{|\text{claimed} - \text{found}|} \le 1

    Args:
        what: What the numbers are.
        claimed: What a claim says.
        found: What is true.
        uncertainty: Largest error of the two together, above 0: rounding, or an enclosure's radius.
        cases: Number of cases of which this is the worst.

    Returns:
        A margin whose error is the uncertainty and whose bound is the distance.
    """
    assert uncertainty > 0
    told = f"{what}: claimed {claimed:.6g}, found {found:.6g}"
    return Margin(told, uncertainty, abs(claimed - found), cases, told)


@dataclass(frozen=True)
class Settings:
    """The settings with which checks are run.

    Attributes:
        seed: Seed of every random choice.
        examples: Random cases per property; None for each check's own number.
        deep: Whether to run the long version: more replicas, wider searches.
    """

    seed: int = 0
    examples: int | None = None
    deep: bool = False


@dataclass(frozen=True)
class Check:
    """A statement with the function that checks it.

    Attributes:
        id: Stable name, ``topic.what``.
        statement: What holds if the check passes.
        kind: Kind of evidence.
        bound: The reason for the bound that margins are measured in.
        measure: Yields margins; called with the subject and a case (property) or the settings,
            and by name with other values for the parameters of the function that have a default.
        cases: Builds the strategy that draws cases, for property checks.
        examples: Number of cases drawn by default.
        forms: Closed forms whose numbers this check tests.
        needs: Modules of the extra ``proofs`` that it imports, or ``coqc`` and ``mathcomp``; it is
            not run without them.
        false_alarm: For statistics: upper bound of the chance that a run fails though all is right.
        topic: What it is about: the name of the package that its function is in.
        shows: What it shows, as formulas in the claims' language: ``conclusion``, or
            ``hypothesis; hypothesis => conclusion``.
        reads: Modules and data files that it depends on besides the module of its function, by the
            names that the graph of sources gives them, such as ``whichmin.errors``.
    """

    id: str
    statement: str
    kind: EvidenceKind
    bound: str
    measure: Callable[..., Iterable[Margin]]
    cases: Callable[[], SearchStrategy[Any]] | None = None
    examples: int = 0
    forms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    false_alarm: float = 0.0
    topic: str = ""
    shows: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """All that it states, in words, in formulas that it shows, in numbers of its function."""
        measure = inspect.unwrap(getattr(self.measure, "func", self.measure))
        numbers = (
            f"{p.name} = {_stated(p.default)}"
            for p in inspect.signature(measure).parameters.values()
            if not _given(p) and not _sentences(p.default)
        )
        return (self.statement, *self.shows, *numbers)

    def changed(self, **values: Any) -> Check:
        """Return the check of a changed, false statement, which a test expects to fail.

        Args:
            values: Other values for parameters of its function that have a default.

        Returns:
            The check.
        """
        return dataclasses.replace(self, measure=functools.partial(self.measure, **values))


_Measuring = TypeVar("_Measuring", bound=Callable[..., Iterable[Margin]])
_REGISTERED: dict[str, Check] = {}


def check(
    name: str,
    kind: EvidenceKind,
    bound: str,
    *,
    cases: Callable[[], SearchStrategy[Any]] | None = None,
    examples: int = 0,
    forms: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    false_alarm: float = 0.0,
    shows: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
) -> Callable[[_Measuring], _Measuring]:
    """Register a function that yields margins as a check.

    The first paragraph of the function's docstring is the statement of the check. The function
    gets what it asks for by name: ``subject``, what is judged; ``settings``, how checks are run;
    ``case``, if the check draws cases, in place of the settings. A parameter with a default is a
    number of the statement: tests give it another value to see the check fail.

    Args:
        name: Id of the check, ``topic.what``.
        kind: Kind of evidence.
        bound: The reason for the bound that margins are measured in.
        cases: Builds the strategy that draws cases, for property checks.
        examples: Number of cases drawn by default.
        forms: Closed forms whose numbers the check tests.
        needs: Modules of the extra ``proofs`` that it imports.
        false_alarm: Upper bound of the chance that a run fails though all is right.
        shows: What the check shows, as formulas in the claims' language; it also shows the lemmas
            that are defaults of the function's parameters.
        reads: Modules and data files that it depends on besides those that the source tells.

    Returns:
        A decorator that returns the function as it is.

    Raises:
        InputError: The function states nothing or asks for something that no check gets, or
            another function has the id.
    """

    def register(function: _Measuring) -> _Measuring:
        home = f"{function.__module__}.{function.__qualname__}"
        statement = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
        if not statement:
            raise InputError("check", home, "must have a docstring that begins with its statement")
        before = _REGISTERED.get(name)
        if before is not None and _home(before) != home:
            raise InputError("check", name, f"must be a new id: {_home(before)} has it")
        offered = ("subject", "settings" if cases is None else "case")
        parameters = list(inspect.signature(function).parameters.values())
        wanted = [p.name for p in parameters if _given(p)]
        for parameter in wanted:
            if parameter not in offered:
                allowed = f"must be {' or '.join(offered)}, or have a default, in {home}"
                raise InputError("parameter", parameter, allowed)
        if cases is not None and "case" not in wanted:
            raise InputError("check", home, "must have a parameter case: it draws cases")

        @functools.wraps(function)
        def measure(subject: Subject, given: Any, **changes: Any) -> Iterable[Margin]:
            values = dict(zip(offered, (subject, given), strict=True))
            return function(**{key: values[key] for key in wanted}, **changes)

        _REGISTERED[name] = Check(
            id=name,
            statement=statement,
            kind=kind,
            bound=bound,
            measure=measure,
            cases=cases,
            examples=examples,
            forms=forms,
            needs=needs,
            false_alarm=false_alarm,
            topic=_topic(function.__module__),
            shows=(
                *shows,
                *(t for p in parameters if not _given(p) for t in _sentences(p.default)),
            ),
            reads=reads,
        )
        return function

    return register


def _given(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _stated(default: Any) -> str:
    """A default as text; a function, which may make lemmas, by its code."""
    if inspect.isfunction(default):
        return code_digest(textwrap.dedent(inspect.getsource(default)).encode())
    return re.sub(r" at 0x[0-9a-f]+", "", str(default))


def _sentences(default: Any) -> tuple[str, ...]:
    """The formulas of lemmas that are the default of a parameter."""
    if not isinstance(default, tuple):
        return ()
    return tuple(text for lemma in default for text in getattr(lemma, "sentences", ()))


def _home(known: Check) -> str:
    return f"{known.measure.__module__}.{known.measure.__qualname__}"


def _topic(module: str) -> str:
    """The package below ``topics``; elsewhere the name of the module."""
    _, _, below = module.partition(".topics.")
    return below.split(".")[0] or module.rsplit(".", 1)[-1]


def checks_of(*modules: ModuleType) -> tuple[Check, ...]:
    """Return the checks that modules define, in the order of their functions.

    Args:
        modules: Modules that have been imported.

    Returns:
        The checks.
    """
    names = [module.__name__ for module in modules]
    found = [c for c in _REGISTERED.values() if c.measure.__module__ in names]
    return tuple(sorted(found, key=lambda c: names.index(c.measure.__module__)))


@dataclass(frozen=True)
class Evidence:
    """The evidence that one run of a check gave.

    Attributes:
        check: Id of the check.
        statement: What it claims.
        kind: Kind of evidence.
        bound: The reason for the bound.
        holds: Whether it ran and every margin stayed within the bound.
        cases: Number of cases.
        worst: Largest margin, in units of the bound.
        where: The case of the largest margin.
        seconds: Wall-clock time.
        seed: Seed of the random choices.
        message: What failed and where; empty if nothing did.
        found: What was measured, for the reader.
        false_alarm: Upper bound of the chance of failing though all is right.
        lacking: Module or program that is missing, so that the check was not run; else empty.
        deep: Whether the long version ran.
    """

    check: str
    statement: str
    kind: EvidenceKind
    bound: str
    holds: bool
    cases: int
    worst: float
    where: str
    seconds: float
    seed: int
    message: str = ""
    found: tuple[str, ...] = ()
    false_alarm: float = 0.0
    lacking: str = ""
    deep: bool = False

    @property
    def ran(self) -> bool:
        """Whether the check was run."""
        return not self.lacking

    def record(self) -> dict[str, Any]:
        """Return the evidence as plain data for JSON."""
        plain = {**dataclasses.asdict(self), "kind": str(self.kind), "found": list(self.found)}
        return {"schema": SCHEMA, **plain}

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Evidence:
        """Read what :meth:`record` wrote.

        Args:
            record: The plain data.

        Returns:
            The evidence.

        Raises:
            InputError: The data are of another schema.
        """
        values = dict(record)
        if values.pop("schema", None) != SCHEMA:
            raise InputError("record", record.get("schema"), f"must be evidence of schema {SCHEMA}")
        kind, found = EvidenceKind(values.pop("kind")), tuple(values.pop("found"))
        return cls(**values, kind=kind, found=found)


@dataclass(frozen=True)
class Report:
    """The evidence of all checks of one run.

    Attributes:
        evidence: One record per check, in order.
        seed: Seed of the run.
    """

    evidence: tuple[Evidence, ...]
    seed: int

    @property
    def holds(self) -> bool:
        """Whether some check ran, and every check that ran holds."""
        return not self.failures and any(e.ran for e in self.evidence)

    @property
    def failures(self) -> tuple[Evidence, ...]:
        """The checks that failed."""
        return tuple(e for e in self.evidence if e.ran and not e.holds)

    @property
    def not_run(self) -> tuple[Evidence, ...]:
        """The checks that need something that is not installed."""
        return tuple(e for e in self.evidence if not e.ran)

    def records(self) -> list[dict[str, Any]]:
        """Return one dictionary of plain values per check."""
        return [e.record() for e in self.evidence]

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` with one row per check."""
        return data_frame(self.records())
