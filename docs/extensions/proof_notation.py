r"""Read ``docs/proofs.toml``: the theorems and definitions of the proofs in mathematical notation.

A theorem's entry has three lists: what is quantified (``let``), the hypotheses (``if``) and the
conclusion (``then``), in the order of the Coq statement. An item is a sentence with formulas
between dollar signs, ``@NAME`` for one of ``[short]``, or, in ``then``, one formula without dollar
signs. ``of`` is a digest of the Coq text that somebody compared the formula with, definitions that
the formula writes out (``unfolds``) included: a changed text asks for another look. ``python
docs/extensions/proof_notation.py`` lists what has no notation, is out of date, or has other numbers
than the text in Coq.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whichmin.verification.provers.proof_sources import Library, library, sentences, uncommented

__all__ = [
    "Notation",
    "Symbol",
    "definitions",
    "digest",
    "faults",
    "formulas",
    "groups",
    "is_formula",
    "notations",
    "numbers_of_coq",
    "numbers_of_latex",
    "statements",
    "symbols",
]

FILE = Path(__file__).parents[1] / "proofs.toml"


@dataclass(frozen=True)
class Notation:
    """A theorem in mathematical notation.

    Attributes:
        of: Digest of the Coq text.
        let: What is quantified.
        given: The hypotheses.
        then: The conclusions.
        needed: Theorems of which this shows that a hypothesis is needed, with the hypothesis.
        met: Theorems of which this shows that the hypotheses can be met.
        unfolds: Definitions that its formula writes out.
    """

    of: str
    let: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    met: tuple[str, ...] = ()
    unfolds: tuple[str, ...] = ()

    @property
    def formulas(self) -> tuple[str, ...]:
        """Its formulas, without dollar signs."""
        said = [latex for item in (*self.let, *self.given) for latex in formulas(item)]
        lines = ([line] if is_formula(line) else formulas(line) for line in self.then)
        return (*said, *itertools.chain(*lines))


@dataclass(frozen=True)
class Symbol:
    """How a definition is written.

    Attributes:
        of: Digest of the Coq text.
        latex: The definition as a formula, or a sentence with formulas between dollar signs.
    """

    of: str
    latex: str

    @property
    def formulas(self) -> tuple[str, ...]:
        """Its formulas, without dollar signs."""
        return tuple([self.latex] if is_formula(self.latex) else formulas(self.latex))


def formulas(text: str) -> list[str]:
    """Find the formulas between dollar signs in a sentence."""
    return re.findall(r"\$([^$]+)\$", text)


def is_formula(line: str) -> bool:
    """Whether a line is one formula; otherwise it is a sentence, formulas between dollar signs."""
    return "$" not in line and re.search(r"[\\=^_]", line) is not None


def digest(text: str) -> str:
    """Compute a digest of what a piece of Coq says, without comments and layout.

    Args:
        text: The piece.

    Returns:
        Eight hexadecimal digits.
    """
    return hashlib.sha256(uncommented(text).encode()).hexdigest()[:8]


@functools.cache
def _read(file: Path = FILE) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def groups(proofs: Library | None = None) -> dict[str, list[str]]:
    """Sort the files of the proofs into groups, by the names in ``[group]``.

    Args:
        proofs: The files; None for those that come with the package.

    Returns:
        Files by title of their group; each file of theorems is one, and those of none stand under
        "Others".
    """
    chosen_from = proofs or library()
    found = {_spoken(name): [name] for name in chosen_from.theorem_files}
    names = [name for name in chosen_from.texts if name not in chosen_from.theorem_files]
    for title, patterns in _read()["group"].items():
        chosen = [
            n for n in names if any(re.fullmatch(p.replace("*", r"\w*"), n) for p in patterns)
        ]
        names = [n for n in names if n not in chosen]
        if chosen:
            found[title] = chosen
    return {**found, "Others": names} if names else found


def _spoken(name: str) -> str:
    """The title of a file of theorems: ``Theorems: hessian``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removeprefix("Theorems")).lower()
    return f"Theorems: {words}"


def _items(items: Sequence[str], short: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(short[item[1:]] if item.startswith("@") else item for item in items)


@functools.cache
def notations() -> dict[str, Notation]:
    """Return the theorems in mathematical notation, by name."""
    data = _read()
    return {
        name: Notation(
            str(entry.get("of", "")),
            *(_items(entry.get(key, ()), data["short"]) for key in ("let", "if", "then")),
            entry.get("needed", {}),
            tuple(entry.get("met", ())),
            tuple(entry.get("unfolds", ())),
        )
        for name, entry in data.get("theorem", {}).items()
    }


@functools.cache
def symbols() -> dict[str, Symbol]:
    """Return how the definitions are written, by name."""
    found = _read().get("definition", {})
    return {name: Symbol(str(entry.get("of", "")), entry["latex"]) for name, entry in found.items()}


@functools.cache
def definitions() -> dict[str, str]:
    """Return what ``Definitions.v`` defines: the text by name, in the file's order."""
    source, code = library().texts["Definitions"], library().codes["Definitions"]
    found = {}
    for begin, end in sentences(code):
        named = re.match(r"(?:Definition|Fixpoint|Inductive|Record)\s+([\w']+)", code[begin:end])
        if named:
            found[named[1]] = source[begin:end]
    return found


def statements() -> dict[str, str]:
    """Return the text of each theorem, with that of the definitions that its formula writes out."""
    found = {}
    for name, stated in library().statements.items():
        unfolded = notations()[name].unfolds if name in notations() else ()
        found[name] = "\n".join((stated.text, *(definitions().get(one, "") for one in unfolded)))
    return found


# In Coq a squared length is one word; the types of rows and indices say how many there are.
_COQ = (
    (r"\bsqnorm\b", " ^2 "),
    (r"'I_\d+|\bbatch \d+ \d+\b", " "),
    (r"'rV\[R\]_(\d+)", r" ^\1 "),
    (r"\^\+\s*(\d+)", r" ^\1 "),
    (r"\^-1", " "),
)


def numbers_of_coq(text: str) -> set[str]:
    """Find the numbers in a piece of Coq, but for 0 and 1; exponents begin with ``^``.

    Args:
        text: The piece.

    Returns:
        The numbers.
    """
    bare = uncommented(text)
    for pattern, instead in _COQ:
        bare = re.sub(pattern, instead, bare)
    return set(re.findall(r"(?<![\w.'])\^?\d+", bare)) - {"0", "1", "^0", "^1"}


def numbers_of_latex(latex: str) -> set[str]:
    r"""Find the numbers in a formula, but for 0, 1 and subscripts; exponents begin with ``^``.

    Args:
        latex: The formula.

    Returns:
        The numbers; ``\frac12`` has 2.
    """
    bare = re.sub(r"_(?:\{[^{}]*\}|\w)", " ", latex)
    bare = re.sub(r"\\t?frac(\d)(\d)", r" \1 \2 ", bare)
    bare = re.sub(r"\^\{(\d+)\}", r" ^\1 ", bare)
    bare = re.sub(r"\^(\d)", r" ^\1 ", bare)
    return set(re.findall(r"(?<![\w.])\^?\d+", bare)) - {"0", "1", "^0", "^1"}


def faults() -> Iterator[str]:
    """List what is missing, out of date, or has other numbers than the text in Coq.

    Yields:
        One line per fault.
    """
    stated = statements()
    for kind, known, texts in (
        ("theorem", notations(), stated), ("definition", symbols(), definitions()),
    ):  # fmt: skip
        for name in known:
            if name not in texts:
                yield f"{kind} {name}: there is none of this name"
        for name, text in texts.items():
            one = known.get(name)
            if one is None:
                yield f"{kind} {name}: has no notation (of = {digest(text)!r})"
            elif one.of != digest(text):
                yield f"{kind} {name}: the text changed, read it again (of = {digest(text)!r})"
    for name, notation in notations().items():
        yield from _numbers(f"theorem {name}", notation.formulas, stated.get(name))
        for other in (*notation.needed, *notation.met):
            if other not in stated:
                yield f"theorem {name}: there is no theorem {other}"
    for name, symbol in symbols().items():
        yield from _numbers(f"definition {name}", symbol.formulas, definitions().get(name))


def _numbers(what: str, ours: Sequence[str], theirs: str | None) -> Iterator[str]:
    """Compare the numbers of formulas with those of their text in Coq."""
    if theirs is not None:
        shown = set().union(*map(numbers_of_latex, ours))
        stated = numbers_of_coq(theirs)
        for number in sorted(shown ^ stated):
            where = "the formula" if number in shown else "Coq"
            yield f"{what}: the number {number} stands only in {where}"


def main() -> None:
    """Print the faults."""
    for fault in faults():
        print(fault)


if __name__ == "__main__":
    main()
