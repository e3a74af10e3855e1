"""Find the source that a piece of evidence depends on, and digest it, without importing it.

The nodes of the graph are the modules of the package, by their dotted names, and what is no module:
data files and stubs (``whichmin.core/table.toml``) and the list of the modules of a package
(``whichmin.symbolic.*``). An edge leads from a module to everything that it can reach in one step:

- the packages around it, and what it imports, at its top or inside a function;
- through a package with a stub (``__init__.pyi``), the homes of the names that it takes from there;
- modules that a text names in full, and those below a package whose modules it imports by names
  that it computes;
- the modules that derive the closed forms whose ids it spells, as a text or as an f-string;
- data files beside it that it names.

A text that only looks like the name of a form, a module or a file gives an edge too many, which
does no harm. Code behind ``if TYPE_CHECKING`` never runs and gives none.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from whichmin.errors import InputError
from whichmin.verification.evidence.source_files import Sources, is_prose

__all__ = ["SourceGraph", "closure"]

_TOP = "whichmin"
# They hand out checks and put evidence on file: no margin depends on them, and they reach all.
_ASIDE = frozenset({
    f"{_TOP}.verification.topics",
    f"{_TOP}.verification.evidence.record",
    f"{_TOP}.verification.evidence.source_files",
    f"{_TOP}.verification.evidence.source_graph",
})
# Of the runner a check depends on the code, not on all that it runs.
_RUNNER = f"{_TOP}.verification.evidence.runner"
_REGISTRY = f"{_TOP}.symbolic.registry"
# They pass closed forms, or modules by public or old names, on: who asks for one spells its name.
_PASS_ON = frozenset({
    _REGISTRY, f"{_TOP}.lazy", f"{_TOP}.moved", f"{_TOP}.symbolic",
    f"{_TOP}.verification.evidence.subject",
})  # fmt: skip
_COMPUTED = frozenset({"__import__", "import_module", "iter_modules", "walk_packages"})


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk over what can run: neither prose nor the code for type checkers."""
    yield node
    below: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and _name_of(node.test) == "TYPE_CHECKING":
        below = node.orelse
    for child in below:
        if not is_prose(child):
            yield from _running(child)


def _name_of(node: ast.AST) -> str:
    """Return the last part of a dotted name; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _pattern(node: ast.JoinedStr) -> str:
    """Write an f-string as a pattern for file names."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values
    )


class SourceGraph:
    """The graph of what reaches what; each module is parsed when it is first asked for.

    Args:
        sources: The files.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._edges: dict[str, tuple[str, ...]] = {}
        self._trees: dict[str, ast.Module] = {}

    def edges(self, node: str) -> tuple[str, ...]:
        """Return what a node can reach in one step, by name.

        Args:
            node: Its name.

        Returns:
            The names, sorted, without its own.

        Raises:
            InputError: It imports a module of the package that does not exist.
        """
        if node not in self._edges:
            found = set(self._reached(node)) - _ASIDE - {node}
            self._edges[node] = tuple(sorted(found))
        return self._edges[node]

    def reach(self, roots: Iterable[str]) -> tuple[str, ...]:
        """Return all that some nodes can reach, themselves included, sorted by name."""
        return closure(roots, self.edges)

    @functools.cached_property
    def forms(self) -> Mapping[str, str]:
        """The module that derives each closed form, by the form's id."""
        found = {}
        for name in self.sources.modules(f"{_TOP}.symbolic"):
            for node in ast.walk(self.tree(name)):
                if not isinstance(node, ast.Call) or _name_of(node.func) != "derives":
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    found[str(node.args[0].value)] = name
        return found

    def deriving(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """Return the modules that derive closed forms, ``*`` standing for all.

        Args:
            patterns: Ids, or patterns as for file names.

        Returns:
            Names of nodes.
        """
        found: set[str] = set()
        for pattern in patterns:
            if pattern == "*":
                found.add(f"{_TOP}.symbolic.*")
            else:
                found |= {self.forms[i] for i in fnmatch.filter(self.forms, pattern)}
        return tuple(sorted(found))

    @functools.cached_property
    def data(self) -> tuple[str, ...]:
        """The data files, without stubs and without what is written about the code itself."""
        return tuple(
            name
            for name in self.sources.files
            if "/" in name and not name.endswith(".pyi")
            if name.rpartition("/")[2] not in {"record.json", "_commit.txt"}
        )

    def tree(self, module: str) -> ast.Module:
        """Parse a module or a stub, once.

        Args:
            module: Its name.

        Returns:
            Its syntax tree.
        """
        if module not in self._trees:
            content = self.sources.read(module)
            self._trees[module] = ast.parse(content or b"")
        return self._trees[module]

    def _reached(self, node: str) -> Iterator[str]:
        if node.endswith(".*"):
            yield from self.sources.modules(node.removesuffix(".*"))
            return
        if "/" in node or node not in self.sources.files:
            return
        parts = node.split(".")
        yield from (".".join(parts[:k]) for k in range(1, len(parts)))
        if node == _RUNNER:
            yield f"{_TOP}.verification.evidence.check"
        elif node in _PASS_ON:
            yield from _Reader(self, node).imported()
        else:
            yield from _Reader(self, node).reached()


def closure(roots: Iterable[str], edges: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """Follow edges from some nodes as far as they lead.

    Args:
        roots: Where to begin.
        edges: The next nodes of each.

    Returns:
        All nodes that were met, sorted.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(edges(node))
    return tuple(sorted(found))


class _Reader:
    """Reads one module for what it reaches."""

    def __init__(self, graph: SourceGraph, module: str) -> None:
        self.graph, self.module = graph, module
        self.files = graph.sources.files
        package = self.files[module].name == "__init__.py"
        self.package = module if package else module.rpartition(".")[0]
        self.nodes = list(_running(graph.tree(module)))
        self.bound: dict[str, str] = {}

    def imported(self) -> Iterator[str]:
        """Yield what import statements, and attributes of what they import, lead to."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._module(alias)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node, self.package)
                if _ours(base):
                    for alias in node.names:
                        yield from self._taken(base, alias.name)
                        self.bound[alias.asname or alias.name] = f"{base}.{alias.name}"
        inner = {id(node.value) for node in self.nodes if isinstance(node, ast.Attribute)}
        for node in self.nodes:
            if isinstance(node, ast.Attribute):
                yield from self._attribute(node)
            elif isinstance(node, ast.Name) and id(node) not in inner:
                whole = self.bound.get(node.id, "")  # a package that is handed on
                if self._stub(whole) in self.files:
                    yield from self._taken(whole, "*")

    def reached(self) -> Iterator[str]:
        """Yield all that the module reaches in one step."""
        yield from self.imported()
        lazy = self._stub(self.module) in self.files  # its texts are those of the stub
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from self._spelled(node.value, lazy)
            elif isinstance(node, ast.JoinedStr):
                pattern = _pattern(node)
                if re.fullmatch(r"[\w*]*\.[\w*]*", pattern) and re.search(r"\w{3}", pattern):
                    yield from self.graph.deriving([pattern])
            elif isinstance(node, ast.Call) and not lazy:
                yield from self._computed(node)
        if any(map(_takes_all_forms, self.nodes)):
            yield from self.graph.deriving(["*"])

    def _module(self, alias: ast.alias) -> Iterator[str]:
        if _ours(alias.name):
            yield self._known(alias.name)
            self.bound[alias.asname or _TOP] = alias.name if alias.asname else _TOP

    def _known(self, module: str) -> str:
        if module not in self.files:
            allowed = f"must be a module of this package, in {self.module}"
            raise InputError("import", module, allowed)
        return module

    @staticmethod
    def _base(node: ast.ImportFrom, package: str) -> str:
        """Return the full name of the module that names are taken from."""
        if not node.level:
            return node.module or ""
        parts = package.split(".")
        above = parts[: len(parts) - node.level + 1]
        return ".".join([*above, node.module] if node.module else above)

    @staticmethod
    def _stub(package: str) -> str:
        return f"{package}/__init__.pyi"

    def _taken(self, base: str, name: str) -> Iterator[str]:
        """Yield where ``from base import name`` leads, through the stub of a lazy package."""
        yield self._known(base)
        asks = name == "closed_forms" and self.module not in _PASS_ON
        if asks and base in {_REGISTRY, f"{_TOP}.symbolic"}:
            yield from self.graph.deriving(["*"])
        if f"{base}.{name}" in self.files:
            yield f"{base}.{name}"
        elif self._stub(base) in self.files:
            yield self._stub(base)
            for node in self.graph.tree(self._stub(base)).body:
                if isinstance(node, ast.ImportFrom):
                    home = self._base(node, base)
                    named = {alias.asname or alias.name: alias.name for alias in node.names}
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute):
                    home, named = _TOP, dict.fromkeys(map(_name_of, node.targets), node.value.attr)
                else:
                    continue
                for offered, there in named.items():
                    if name in {"*", offered}:
                        yield from self._taken(home, there)

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        """Yield where ``package.module.name`` leads."""
        chain = [node.attr]
        inner = node.value
        while isinstance(inner, ast.Attribute):
            chain.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name) or inner.id not in self.bound:
            return
        here = self.bound[inner.id]
        while chain and here in self.files:
            name = chain.pop()
            yield from self._taken(here, name)
            here = f"{here}.{name}"

    def _spelled(self, text: str, lazy: bool) -> Iterator[str]:
        module, file = text.partition(":")[0], text.rpartition("/")[2]
        if not lazy and _ours(module) and module in self.files:
            yield module
        if text in self.graph.forms:
            yield self.graph.forms[text]
        if "." in file:
            yield from (n for n in fnmatch.filter(self.graph.data, f"*/{file}"))

    def _computed(self, node: ast.Call) -> Iterator[str]:
        """Yield the modules among which a computed name chooses."""
        if _name_of(node.func) not in _COMPUTED or not node.args:
            return
        name = node.args[0]
        if isinstance(name, ast.Constant):
            return
        begin = _pattern(name).partition("*")[0] if isinstance(name, ast.JoinedStr) else ""
        package = begin.rpartition(".")[0]
        yield f"{package if package in self.files else self.package}.*"


def _ours(module: str) -> bool:
    return module == _TOP or module.startswith(f"{_TOP}.")


def _takes_all_forms(node: ast.AST) -> bool:
    """Whether it goes through a mapping called ``forms`` as a whole."""
    taken: list[ast.AST | None] = []
    if isinstance(node, ast.Attribute) and node.attr in {"items", "keys", "values"}:
        taken = [node.value]
    elif isinstance(node, ast.Call) and _name_of(node.func) in {"dict", "list", "sorted"}:
        taken = list(node.args[:1])
    elif isinstance(node, (ast.For, ast.comprehension)):
        taken = [node.iter]
    elif isinstance(node, ast.Dict):
        taken = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
    return any(item is not None and _name_of(item) == "forms" for item in taken)
