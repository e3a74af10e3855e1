"""Read the proofs for Coq: statements with their prose, what each file requires, what is refused.

``verification/proofs`` holds the files: ``Definitions.v`` is the model; ``Statements.v`` has one
closed proposition per theorem, ``Definition NAME : Prop := ... .``, after a paragraph of prose;
the files ``Theorems*.v`` prove each statement once, as ``Theorem NAME : Statements.NAME.``; all
others hold lemmas.
"""

from __future__ import annotations

import functools
import graphlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from whichmin.errors import InputError

__all__ = [
    "LOGICAL",
    "Library",
    "Stated",
    "blank",
    "forbidden",
    "library",
    "sentences",
    "uncommented",
]

#: The logical name that the files share: ``From Whichmin Require Import Definitions.``
LOGICAL = "Whichmin"
DEFINITIONS, STATEMENTS, _THEOREMS = "Definitions", "Statements", "Theorems"
_SUFFIX = ".v"

# What may stand nowhere: assumptions, proofs that are not finished, checks switched off, what
# reads or runs other files, and what writes them.
_WORDS = (
    "Axiom", "Axioms", "Parameter", "Parameters", "Conjecture", "Conjectures", "Primitive",
    "Symbol", "Symbols", "Admitted", "Admit", "admit", "give_up", "Abort", "Fail",
    "bypass_check", "Load", "Drop", "Cd", "Redirect", "Extract", "Extraction", "Elpi", "Ltac2",
)  # fmt: skip
_PHRASES = (
    r"(?:Set|Unset)\s+(?:Guard|Positivity|Universe)\s+Checking", r"Set\s+Bypass\w*",
    r"Set\s+Definitional\s+UIP", r"Declare\s+ML\s+Module", r"Declare\s+Module",
    r"Declare\s+Reduction", r"Add\s+(?:Rec\s+)?(?:LoadPath|ML\s+Path)", r"Rewrite\s+Rules?",
    r"Recursive\s+Extraction", r"Separate\s+Extraction", r"Unset\s+Kernel\s+Conversion",
)  # fmt: skip
_FORBIDDEN = re.compile(
    rf"(?<![\w.'])(?:{'|'.join((*_PHRASES, *_WORDS))})(?![\w'])"
)  # fmt: skip
# Fine inside a section, where they become hypotheses of what follows; assumptions outside.
_LOCAL = re.compile(r"(?:Variables?|Hypothes[ie]s|Context)\b")
_MARKS = re.compile(r"(?:[-+*{}]+\s*|#\[[^\]]*\]\s*|(?:Local|Global|Polymorphic|Time)\s+)*")
_END = re.compile(r"(?<!\.)\.(?=\s|$)")


@dataclass(frozen=True)
class Stated:
    """A statement, as it stands in ``Statements.v``.

    Attributes:
        name: Its name.
        comment: The comment before it, verbatim.
        text: Its definition, verbatim.
    """

    name: str
    comment: str
    text: str

    @property
    def prose(self) -> str:
        """The words of the comment, in one line."""
        return " ".join(self.comment.removeprefix("(**").removesuffix("*)").split())


def blank(source: str) -> str:
    """Replace comments, which nest, and the content of strings by spaces.

    Args:
        source: Text of a file.

    Returns:
        A text of the same length with the same ends of lines.

    Raises:
        InputError: A comment or a string has no end.
    """
    return "".join(
        _spaces(piece) if kind == "comment" or (kind == "string" and piece != '"') else piece
        for kind, piece in _pieces(source)
    )


def uncommented(source: str) -> str:
    """Remove comments and layout, but keep strings.

    Args:
        source: Text of a file.

    Returns:
        One line.

    Raises:
        InputError: A comment or a string has no end.
    """
    bare = "".join(" " if kind == "comment" else piece for kind, piece in _pieces(source))
    return re.sub(r'"[^"]*"|\s+', lambda m: m[0] if m[0][0] == '"' else " ", bare).strip()


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Take a text apart into code, comments and strings; their quotation marks stand alone."""
    depth, quoted, begin = 0, False, 0
    for mark in re.finditer(r'\(\*|\*\)|"', source):
        yield _kind(depth, quoted), source[begin : mark.start()]
        begin = mark.end()
        if mark[0] == '"':
            quoted = not quoted
            yield "comment" if depth else "string", mark[0]
        elif quoted:
            yield _kind(depth, quoted), mark[0]
        elif mark[0] == "(*":
            depth += 1
            yield "comment", mark[0]
        else:
            yield _kind(depth, quoted), mark[0]
            depth -= depth > 0
    if quoted or depth:
        raise InputError("proofs", source[-40:], "must end every comment and every string")
    yield "code", source[begin:]


def _kind(depth: int, quoted: bool) -> str:
    return "comment" if depth else "string" if quoted else "code"


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def sentences(code: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each sentence of a text without comments, the full stop included."""
    begin = 0
    for end in _END.finditer(code):
        begin += len(code[begin:]) - len(code[begin:].lstrip())
        yield begin, end.end()
        begin = end.end()
    if code[begin:].strip():
        yield begin + len(code[begin:]) - len(code[begin:].lstrip()), len(code)


def forbidden(name: str, source: str) -> list[str]:
    """List what a file must not hold.

    Args:
        name: Name of the file.
        source: Its text.

    Returns:
        One line per place, with file and line.
    """
    code = blank(source)
    found = [(m.start(), " ".join(m[0].split())) for m in _FORBIDDEN.finditer(code)]
    opened: list[str] = []
    for begin, end in sentences(code):
        marks = _MARKS.match(code, begin, end)
        assert marks is not None
        text = code[marks.end() : end]
        words = text.rstrip(".").split()
        if words[:1] in (["Section"], ["Module"]) and ":=" not in text:
            opened.append(words[0])
        elif words[:1] == ["End"] and opened:
            opened.pop()
        elif _LOCAL.match(text) and "Section" not in opened:
            found.append((marks.end(), f"{words[0]} outside a section"))
    return [
        f"{name}{_SUFFIX}, line {source.count(chr(10), 0, at) + 1}: {what} is not allowed"
        for at, what in sorted(found)
    ]


@dataclass(frozen=True, eq=False)
class Library:
    """The files of a folder of proofs.

    Attributes:
        texts: Text of each file, by its name without ``.v``.
    """

    texts: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Library:
        """Read a folder.

        Args:
            folder: The folder.

        Returns:
            Its files, without those of other kinds.
        """
        files = sorted(p for p in folder.iterdir() if p.suffix == _SUFFIX)
        return cls({p.stem: p.read_text("utf-8").replace("\r\n", "\n") for p in files})

    @functools.cached_property
    def codes(self) -> Mapping[str, str]:
        """The texts without comments and strings."""
        return {name: blank(text) for name, text in self.texts.items()}

    @functools.cached_property
    def faults(self) -> Mapping[str, tuple[str, ...]]:
        """What a file must not hold, by its name; and by theirs, what is not proved just once."""
        found = {name: forbidden(name, text) for name, text in self.texts.items()}
        for name in self.statements:
            homes = [
                f"{home}{_SUFFIX}" for home in self.theorem_files if name in self._proved(home)
            ]
            if len(homes) != 1:
                told = f"must be a theorem of one file, not of {' and '.join(homes) or 'none'}"
                found[name] = [f"{name}: {told}"]
        for home in self.theorem_files:
            unknown = [theorem for theorem in self._proved(home) if theorem not in self.statements]
            found[home] += [f"{home}{_SUFFIX}: {theorem} states nothing" for theorem in unknown]
        return {name: tuple(told) for name, told in found.items() if told}

    @functools.cached_property
    def statements(self) -> Mapping[str, Stated]:
        """The statements by name, in the order of ``Statements.v``."""
        source, code = self.texts.get(STATEMENTS, ""), self.codes.get(STATEMENTS, "")
        found = {}
        for begin, end in sentences(code):
            named = re.match(r"Definition\s+([\w']+)\s*:\s*Prop\s*:=", code[begin:end])
            if named:
                comment = _comment_before(source, begin)
                found[named[1]] = Stated(named[1], comment, source[begin:end])
        return found

    @property
    def theorem_files(self) -> tuple[str, ...]:
        """The files that prove the statements."""
        return tuple(name for name in self.texts if name.startswith(_THEOREMS))

    @functools.cached_property
    def homes(self) -> Mapping[str, str]:
        """The file that proves each statement, in the order of the statements."""
        proved = {name: home for home in self.theorem_files for name in self._proved(home)}
        return {name: proved[name] for name in self.statements if name in proved}

    def _proved(self, file: str) -> list[str]:
        """The statements that a file proves: ``Theorem NAME : Statements.NAME.``."""
        found = re.finditer(
            rf"\bTheorem\s+([\w']+)\s*:\s*(?:{LOGICAL}\.)?{STATEMENTS}\.([\w']+)\s*\.(?=\s)",
            self.codes[file],
        )
        return [m[1] for m in found if m[1] == m[2]]

    def requires(self, name: str) -> tuple[str, ...]:
        """List the files that a file requires.

        Args:
            name: Name of the file.

        Returns:
            Names, sorted.

        Raises:
            InputError: It requires a file of ours that is not there.
        """
        if name not in self._required:
            self._required[name] = self._read_requires(name)
        return self._required[name]

    @functools.cached_property
    def _required(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _read_requires(self, name: str) -> tuple[str, ...]:
        found: set[str] = set()
        code = self.codes[name]
        for begin, end in sentences(code):
            text = code[begin:end].removesuffix(".")
            asked = re.match(rf"From\s+{LOGICAL}\s+Require\s+(.*)", text, flags=re.DOTALL)
            if asked:
                names = re.sub(r"\([^)]*\)|^\s*-", " ", asked[1]).split()
                found |= {n for n in names if n not in {"Import", "Export"}}
            elif re.match(r"Require\s", text):
                found |= set(re.findall(rf"\b{LOGICAL}\.([\w']+)", text))
        for other in found:
            if other not in self.texts:
                where = f"must be a file of the proofs, in {name}{_SUFFIX}"
                raise InputError("Require", other, where)
        return tuple(sorted(found))

    def needed(self, names: Iterable[str]) -> tuple[str, ...]:
        """List files with all that they need, each after what it requires.

        Args:
            names: Names of files.

        Returns:
            The names, in an order in which they can be compiled.

        Raises:
            InputError: Files require one another in a circle.
        """
        graph: dict[str, tuple[str, ...]] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in graph:
                graph[name] = self.requires(name)
                waiting.extend(graph[name])
        sorter = graphlib.TopologicalSorter({n: graph[n] for n in sorted(graph)})
        try:
            return tuple(sorter.static_order())
        except graphlib.CycleError as error:
            raise InputError("Require", error.args[1], "must lead in no circle") from error

    def digest(self, names: Iterable[str]) -> str:
        """Compute a digest of the texts of files.

        Args:
            names: Names of files.

        Returns:
            Sixteen hexadecimal digits.
        """
        content = repr([(name, self.texts.get(name)) for name in sorted(names)])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @functools.cached_property
    def definitions(self) -> str:
        """A digest of what ``Definitions.v`` says to Coq, without comments and layout."""
        content = uncommented(self.texts.get(DEFINITIONS, ""))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def uses_mathcomp(self) -> bool:
        """Whether some file requires Mathematical Components."""
        return any(re.search(r"\bFrom\s+mathcomp\b", code) for code in self.codes.values())


def _comment_before(source: str, place: int) -> str:
    """The comment ``(** ... *)`` that ends just before a place; empty if there is none."""
    comment, at, kept = "", 0, ""
    for kind, piece in _pieces(source):
        if at >= place:
            break
        at += len(piece)
        if kind == "comment":
            comment += piece
        else:
            kept, comment = comment or kept, ""
            if source[at - len(piece) : min(at, place)].strip():
                kept = ""
    return kept if kept.startswith("(**") else ""


@functools.cache
def library() -> Library:
    """Read the proofs that come with the package, once."""
    folder = resources.files("whichmin.verification") / "proofs"
    with resources.as_file(folder) as path:
        return Library.read(path) if path.is_dir() else Library({})
