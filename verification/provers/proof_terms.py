"""Parse the terms in which the proofs state theorems: what they use of MathComp's notation.

A text becomes a tree of :class:`Term`. Infix notation has the levels and the associativity that
Mathematical Components gives it; a smaller level binds tighter. Names that are bound under a sum or
by ``fun`` are numbered, so that two terms are equal if they differ only there, in brackets and in
layout. What is not known is an error that names the statement, the line and the text there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from whichmin.errors import InputError

__all__ = ["Term", "parse"]

# The level of a whole term, of an application, and of what stands between brackets.
_WHOLE, _APPLIED = 200, 10
# Level and associativity of infix notation; comparisons have none, but may follow one another.
_INFIX: dict[str, tuple[int, str]] = {
    "->": (99, "right"), "<->": (95, "none"), "\\/": (85, "right"), "/\\": (80, "right"),
    **dict.fromkeys(("=", "<=", "<", ">=", ">", "!=", "==", "\\in", "\\notin"), (70, "none")),
    "||": (50, "left"), "+": (50, "left"), "-": (50, "left"),
    "&&": (40, "left"), "*": (40, "left"), "/": (40, "left"), "*:": (40, "left"),
    "*m": (40, "left"), "^+": (29, "left"), "^": (30, "right"),
}  # fmt: skip
_COMPARISONS = {sign for sign, (level, _) in _INFIX.items() if level == 70}
# Level of what follows a prefix.
_PREFIX = {"-": 35, "~": 75, "~~": 35, "\\tr": 8, "\\rank": 8, "@": 0}
_POSTFIX = ("%:R", "%:M", "%:P", "%N", "%R", "^-1", "^T", ".+1", ".-1", ".-tuple")
_BIG = ("\\sum_", "\\prod_", "\\row_", "\\matrix_")
_BINDERS = ("forall", "exists", "exists2", "fun")
_KEYWORDS = {*_BINDERS, "let", "in", "if", "is", "then", "else", "match", "with", "end"}
# What stands where a name can: operations as functions, and the unknown of polynomials.
_NAMES = ("+%R", "*%R", "-%R", "'X")
_OPENING = ("(", "[", "{", "[/\\", "[\\/", "#|", "`|", "'I_", "'rV[", "'M[", *_NAMES)
_OTHER = (")", "]", "}", "|", "&", ",", ":", ":=", ":>", "=>", "<-", ";", "::", "]_")
_SIGNS = sorted({*_INFIX, *_PREFIX, *_POSTFIX, *_BIG, *_OPENING, *_OTHER}, key=len, reverse=True)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)*)"
    rf"|(?P<sign>{'|'.join(map(re.escape, _SIGNS))})|(?P<end>$))"
)


@dataclass(frozen=True)
class Term:
    """A term.

    Attributes:
        head: What it is: ``name``, ``number``, ``apply``, a sign, or a word such as ``let``.
        parts: The terms in it.
        name: The identifier or the digits; of a term that binds names, these.
        text: How it is written; it plays no part in comparisons.
    """

    head: str
    parts: tuple[Term, ...] = ()
    name: str = ""
    text: str = field(default="", compare=False)

    def put(self, name: str, term: Term) -> Term:
        """Put a term in the place of a name, where nothing else binds that name.

        Args:
            name: The name.
            term: The term.

        Returns:
            The term with the other in its place.
        """
        if self.head == "name":
            return term if self.name == name else self
        if self.head == "let" and name in self.name.split():
            return replace(self, parts=(self.parts[0].put(name, term), *self.parts[1:]))
        if self.head in _BINDERS and name in self.name.split():
            return self
        return replace(self, parts=tuple(p.put(name, term) for p in self.parts))


class _Parser:
    """Reads one text, from left to right.

    Args:
        text: The text, without comments.
        where: What it is called in messages.
        line: The line of its file that it begins in.
    """

    def __init__(self, text: str, where: str, line: int) -> None:
        self.text, self.where, self.line = text, where, line
        self.at = 0
        self.kind, self.token, self.begin = "", "", 0
        self.ended = 0
        self.next()

    def fail(self, wanted: str) -> InputError:
        """Say what stands where something else is wanted."""
        line = self.line + self.text.count("\n", 0, self.begin)
        rest = " ".join(self.text[self.begin : self.begin + 40].split()) or "the end"
        return InputError(self.where, rest, f"must be {wanted} at this place, line {line}")

    def next(self) -> None:
        """Go on to the next token."""
        self.ended = self.at
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            self.begin = self.at + len(self.text[self.at :]) - len(self.text[self.at :].lstrip())
            raise self.fail("known notation")
        self.kind, self.token = found.lastgroup, found[found.lastgroup]
        self.begin, self.at = found.start(found.lastgroup), found.end()

    def sees(self, *tokens: str) -> bool:
        """Whether one of some signs or keywords is next."""
        keyword = self.kind == "name" and self.token in _KEYWORDS
        return (self.kind == "sign" or keyword) and self.token in tokens

    def takes(self, token: str) -> bool:
        """Take a sign or a keyword if it is next."""
        seen = self.sees(token) or (self.kind == "name" and self.token == token)
        if seen:
            self.next()
        return seen

    def expect(self, token: str) -> None:
        """Take a sign or a keyword, which must be next."""
        if not self.takes(token):
            raise self.fail(token)

    def identifier(self) -> str:
        """Take a name."""
        if self.kind != "name" or self.token in _KEYWORDS:
            raise self.fail("a name")
        name = self.token
        self.next()
        return name

    def made(self, begin: int, head: str, *parts: Term, name: str = "") -> Term:
        """Make a term of the text from a place to here."""
        return Term(head, parts, name, " ".join(self.text[begin : self.ended].split()))

    # ----------------------------------------------------------------------------------------

    def term(self, level: int = _WHOLE) -> Term:
        """Read a term that binds at least as tight as a level."""
        begin = self.begin
        left = self.operand()
        compared: Term | None = None
        while self.kind == "sign" and self.token in _INFIX:
            sign = self.token
            own, side = _INFIX[sign]
            if own > level:
                break
            self.next()
            right = self.term(own if side == "right" else own - 1)
            if sign not in _COMPARISONS:
                left, compared = self.made(begin, sign, left, right), None
                continue
            if self.takes(":>"):
                self.term(_APPLIED)
            if compared is None:
                left = compared = self.made(begin, sign, left, right)
            else:  # a <= b <= c
                compared = self.made(begin, sign, compared.parts[1], right)
                left = self.made(begin, "/\\", left, compared)
        return left

    def operand(self) -> Term:
        """Read a prefix with what follows it, or an application."""
        begin = self.begin
        if self.sees(*_PREFIX):
            sign = self.token
            self.next()
            part = self.atom() if sign == "@" else self.term(_PREFIX[sign])
            if sign != "@":
                return self.made(begin, f"{sign}_", part)
            return self.applied(begin, self.made(begin, "@", part))
        if self.sees(*_BINDERS):
            return self.quantified()
        if self.sees(*_BIG):
            return self.big()
        if self.takes("let"):
            bound = self.identifier()
            arguments = list(self.binders()) if not self.sees(":=", ":") else []
            if self.takes(":"):
                self.term()
            self.expect(":=")
            value = self.term()
            if self.takes(":"):
                self.term()
            self.expect("in")
            name = " ".join((bound, *arguments))
            return self.made(begin, "let", value, self.term(), name=name)
        if self.takes("if"):
            condition = self.term()
            if self.takes("is"):
                condition = self.made(begin, "is", condition, self.atom())
            condition = replace(condition, text=condition.text.removeprefix("if "))
            self.expect("then")
            first = self.term()
            self.expect("else")
            return self.made(begin, "if", condition, first, self.term())
        if self.takes("match"):
            parts = [self.term()]
            self.expect("with")
            while not self.takes("end"):
                self.takes("|")
                pattern = self.term(_APPLIED)
                self.expect("=>")
                parts.append(self.made(begin, "=>", pattern, self.term()))
            return self.made(begin, "match", *parts)
        return self.applied(begin, self.atom())

    def applied(self, begin: int, head: Term) -> Term:
        """Read the arguments of a function, if there are any."""
        arguments = [head]
        while self.starts_atom():
            arguments.append(self.atom())
        return head if len(arguments) == 1 else self.made(begin, "apply", *arguments)

    def starts_atom(self) -> bool:
        if self.kind == "name":
            return self.token not in _KEYWORDS
        return self.kind == "number" or self.sees(*_OPENING)

    def atom(self) -> Term:
        """Read a name, a number or what stands in brackets, with signs behind it."""
        begin = self.begin
        made = self.bare()
        while self.sees(*_POSTFIX):
            sign = self.token
            self.next()
            made = self.made(begin, sign, made)
        return made

    def bare(self) -> Term:
        begin, sign = self.begin, self.token
        if self.kind == "number":
            self.next()
            return self.made(begin, "number", name=sign)
        if self.kind == "name" and sign not in _KEYWORDS:
            self.next()
            return self.made(begin, "name", name=sign)
        if not self.starts_atom():
            raise self.fail("a term")
        self.next()
        if sign in _NAMES:
            return self.made(begin, "name", name=sign)
        if sign == "'I_":
            return self.made(begin, sign, self.bare())
        if sign in {"'rV[", "'M["}:
            over = self.term()
            self.expect("]_")
            return self.made(begin, sign, over, self.bare())
        if sign in {"[/\\", "[\\/"}:
            return self.made(begin, sign[1:], *self.listed("]", ("&", ",", "|")))
        if sign in {"#|", "`|"}:
            inner = self.term()
            self.expect("|")
            return self.made(begin, sign, inner)
        closing = {"(": ")", "[": "]", "{": "}"}[sign]
        if sign == "(":
            inner = self.term()
            if self.takes(":"):
                self.term()
            while self.takes(","):
                inner = self.made(begin, ",", inner, self.term())
            self.expect(closing)
            # Brackets change nothing but the text.
            return replace(inner, text=self.made(begin, "").text)
        if sign == "{" and self.takes(":"):
            made = self.made(begin, "type", self.term())
        else:
            made = self.comprehension(begin, closing)
        self.expect(closing)
        return replace(made, text=self.made(begin, "").text)

    def comprehension(self, begin: int, closing: str) -> Term:
        """Read what stands in square or curly brackets, whose first word says what it is."""
        if self.takes("::"):
            items = [] if self.sees(closing) else [self.term()]
            while self.takes(";"):
                items.append(self.term())
            return self.made(begin, "[::", *items)
        if closing == "]" and self.sees("forall", "exists"):
            return self.quantified()
        word = self.identifier()
        if word == "set" and closing == "}":
            return self.made(begin, "set of", self.term())
        if self.takes(":"):
            return self.made(begin, f"[{word}:", self.term())
        bound = self.term()
        inner: tuple[Term, ...] = ()
        while not self.sees(closing):
            inner = (*inner, self.clause(begin, "|", "in", "<-", ":", "&"))
        return self.made(begin, f"[{word}", bound, *inner, name=bound.name)

    def clause(self, begin: int, *words: str) -> Term:
        """Read one of some words with the term behind it."""
        word = self.token
        if word not in words:
            raise self.fail("one of " + " ".join(words))
        self.next()
        return self.made(begin, word, self.term())

    def listed(self, closing: str, between: tuple[str, ...]) -> Iterator[Term]:
        """Read terms until a bracket closes."""
        yield self.term()
        while not self.takes(closing):
            if not self.sees(*between):
                raise self.fail(closing)
            self.next()
            yield self.term()

    def big(self) -> Term:
        r"""Read ``\sum_i F``, ``\sum_(i in B) F``, ``\sum_(k <- s) F`` or ``\row_i F``."""
        begin, sign = self.begin, self.token
        self.next()
        over: tuple[Term, ...] = ()
        if self.takes("("):
            bound = self.identifier()
            while not self.takes(")"):
                over = (*over, self.clause(begin, "|", "in", "<-", ":", "<"))
        else:
            bound = self.identifier()
        body = self.term(41)
        new = f"#{_deepest(body) + 1}"
        parts = (p.put(bound, _name(new)) for p in (body, *over))
        return self.made(begin, sign, *parts, name=new)

    def quantified(self) -> Term:
        """Read ``forall``, ``exists``, ``exists2`` or ``fun`` with what they bind."""
        begin, word = self.begin, self.token
        self.next()
        bound = list(self.binders())
        self.expect("=>" if word == "fun" else ",")
        parts: tuple[Term, ...] = (self.term(),)
        if word == "exists2":
            self.expect("&")
            parts = (*parts, self.term())
        if word == "fun":
            new = [f"#{_deepest(*parts) + 1 + k}" for k in range(len(bound))]
            for old, name in zip(bound, new, strict=True):
                parts = tuple(p.put(old, _name(name)) for p in parts)
            bound = new
        return self.made(begin, word, *parts, name=" ".join(bound))

    def binders(self) -> Iterator[str]:
        """Read names with or without types, ``(m n : nat) i w``."""
        while not self.sees(",", "=>", ":", ":="):
            if self.takes("("):
                while not self.takes(":"):
                    yield self.identifier()
                self.term()
                self.expect(")")
            else:
                yield self.identifier()
        if self.sees(":") and self.text[self.at : self.at + 1] != "=":
            self.next()
            self.term()


def _name(name: str) -> Term:
    return Term("name", (), name, name)


def _deepest(*terms: Term) -> int:
    """The largest number of a bound name."""
    own = [int(n[1:]) for t in terms for n in t.name.split() if n.startswith("#")]
    return max((*own, *(_deepest(*t.parts) for t in terms)), default=0)


def parse(text: str, where: str = "term", line: int = 1) -> Term:
    """Parse a term.

    Args:
        text: Its text.
        where: What it is called in messages.
        line: The line that it begins in.

    Returns:
        The term.

    Raises:
        InputError: It is not in the notation that is known.
    """
    parser = _Parser(text, where, line)
    found = parser.term()
    if parser.kind != "end":
        raise parser.fail("the end")
    return found
