"""Measure how large the project is and how far one has to walk in it, as a Markdown table.

``python tools/house.py --root CHECKOUT --python INTERPRETER``: sizes are read from the files that
git tracks in the checkout; the walk of ``whichmin train`` is that of the package which the
interpreter has installed, which should be the checkout's.
"""

from __future__ import annotations

import argparse
import ast
import fnmatch
import functools
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "docs"))
from fronts import fronts

# Claims count on both sides: before as Python, now as data that lies with the topics.
CLAIMS = ("verification/*.toml", "verification/*claims*.md", "verification/topics/*.md")
# What a program writes and git keeps: pictures, the API's pages, four pages, the record.
GENERATED = (
    "*.svg", "docs/api/*.md", "docs/ledger.md", "docs/checks.md", "docs/cli.md",
    "docs/compliance.md", "*/record.json*", "*/record/*.json*",
)  # fmt: skip
# The Hessian trace, by the names of its functions, closed forms and estimators; counted in Python
# and Markdown outside the tests.
TRACE = re.compile(r"hessian_trace|trace_at_minimum|(sharpness|hessian)\.trace|estimate_trace")
# The command line has a page of its own, adapters belong to other people's tools.
ELSEWHERE = ("whichmin.cli", "whichmin.verification.oracle.adapters.")
MATHEMATICS = re.compile(r"\.\. math::|\$\$|\\\[|```\{math\}")

# Runs in the measured interpreter: the modules of ours in the order in which their functions are
# called for the first time, importing and comprehensions left out. Later calls of a function are
# left out too: a reader goes to a function once, a loop a thousand times.
WALK = """
import sys
from whichmin.cli import main
file, known, entered = sys.argv.pop(1), set(), []
def ours(frame):
    return frame.f_globals.get("__name__", "").split(".")[0] == "whichmin"
def importing(frame):
    while frame and not (ours(frame) and frame.f_code.co_name == "<module>"):
        frame = frame.f_back
    return frame is not None
def profile(frame, event, argument):
    code = frame.f_code
    if event != "call" or not ours(frame) or code in known:
        return
    known.add(code)
    name = frame.f_globals["__name__"]
    if code.co_name[0] != "<" and not importing(frame) and entered[-1:] != [name]:
        entered.append(name)
sys.setprofile(profile)
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    sys.setprofile(None)
    open(file, "w").write("\\n".join(entered))
"""


class Checkout:
    """The tracked files of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        told = subprocess.run(
            ["git", "ls-files", "-z"],
            cwd=root, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        self.files = [name for name in told.split("\0") if name and (root / name).is_file()]
        settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        tools = settings["tool"]["setuptools"]
        self.packages: list[str] = tools["packages"]
        self._folders: dict[str, str] = tools["package-dir"]

    def text(self, name: str) -> str:
        """Read a file."""
        return (self.root / name).read_text(encoding="utf-8")

    def matching(self, *patterns: str) -> list[str]:
        """List the files that match one of the patterns; a star goes through folders."""
        return [f for f in self.files if any(fnmatch.fnmatch(f, p) for p in patterns)]

    def python(self, *, tests: bool) -> list[str]:
        """List the Python files of the tests, or all others."""
        return [f for f in self.matching("*.py") if f.startswith("tests/") == tests]

    def lines(self, names: Iterable[str]) -> int:
        """Count the lines of files."""
        return sum(len(self.text(name).splitlines()) for name in names)

    @functools.cached_property
    def modules(self) -> dict[str, str]:
        """Every module of the distribution, to its file."""
        found = {}
        for package in self.packages:
            home = max(
                (p for p in self._folders if package == p or package.startswith(f"{p}.")), key=len
            )
            inner = package.removeprefix(home).replace(".", "/")
            folder = f"{self._folders[home]}{inner}"
            for name in self.matching(f"{folder}/*.py"):
                if name.rpartition("/")[0] == folder:
                    stem = Path(name).stem
                    found[package if stem == "__init__" else f"{package}.{stem}"] = name
        return found


def public_names(checkout: Checkout) -> dict[str, set[tuple[str, str]]]:
    """Find the names in ``__all__`` of every module.

    Args:
        checkout: Where to look.

    Returns:
        Module to names, each with the module that defines it as far as imports tell.
    """
    trees = {module: ast.parse(checkout.text(name)) for module, name in checkout.modules.items()}
    imported = {
        module: {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for module, tree in trees.items()
    }

    def home(module: str, name: str) -> tuple[str, str]:
        place = imported.get(module, {}).get(name)
        return home(*place) if place and place[0] in imported else (module, name)

    found = {}
    for module, tree in trees.items():
        hidden = any(part.startswith("_") for part in module.split("."))
        if hidden or module.startswith(ELSEWHERE):
            continue
        for node in tree.body:
            if isinstance(node, ast.Assign) and "__all__" in ast.unparse(node.targets[0]):
                found[module] = {home(*place) for place in _offered(checkout, module, node.value)}
    return found


def in_reference(checkout: Checkout) -> set[tuple[str, str]]:
    """Find what the API reference lists: the names that its fronts offer, each thing once.

    Before version 0.2 the reference named one package and went through all modules below it.

    Args:
        checkout: Where to look.

    Returns:
        Names with the modules that define them.
    """
    page = "docs/api.md"
    listed = fronts(checkout.text(page)) if page in checkout.files else []
    names = public_names(checkout)
    return set().union(*(names[m] for m in listed or names))


def _offered(checkout: Checkout, module: str, names: ast.expr) -> Iterator[tuple[str, str]]:
    """Find the names that a module lists as public; if it computes them, its stub has them.

    Yields:
        Module and name.
    """
    if isinstance(names, (ast.List, ast.Tuple)):
        yield from ((module, str(name)) for name in ast.literal_eval(names))
        return
    for node in ast.walk(ast.parse(checkout.text(f"{checkout.modules[module]}i"))):
        # `from . import noise` makes a module known, which is no definition.
        if isinstance(node, ast.ImportFrom) and node.module:
            origin = f"{module}.{node.module}" if node.level else node.module
            yield from ((origin, alias.name) for alias in node.names)


def _imports(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Find the imports that run when a module is imported.

    Yields:
        Import statements at module level, those for type checkers left out.
    """
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for part in ("body", "orelse", "finalbody"):
                yield from _imports(getattr(node, part, []))


def import_graph(checkout: Checkout) -> dict[str, set[str]]:
    """Map every module to our modules that it imports when it is imported."""
    graph: dict[str, set[str]] = {}
    for module, name in checkout.modules.items():
        wanted = set()
        for node in _imports(ast.parse(checkout.text(name)).body):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
                continue
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                wanted.add(inner if inner in checkout.modules else base)
        graph[module] = wanted & set(checkout.modules) - {module}
    return graph


def longest_chain(graph: dict[str, set[str]]) -> list[str]:
    """Find the longest chain of modules, each imported by the one before.

    Args:
        graph: The imports; a circle is cut where it closes.

    Returns:
        The modules, from the importer down.
    """
    known: dict[str, list[str]] = {}
    above: set[str] = set()

    def below(module: str) -> list[str]:
        if module not in known:
            above.add(module)
            chains = [below(m) for m in sorted(graph[module]) if m not in above]
            above.discard(module)
            known[module] = [module, *max(chains, key=len, default=[])]
        return known[module]

    return max((below(module) for module in sorted(graph)), key=len, default=[])


def comments(text: str) -> int:
    """Count the lines that hold nothing but a comment."""
    return sum(line.lstrip().startswith("#") for line in text.splitlines())


def displayed(text: str) -> int:
    """Count displayed formulas in docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, holders)]
    found = [MATHEMATICS.findall(ast.get_docstring(node) or "") for node in nodes]
    # A formula in dollars has them at both ends.
    return sum(len(f) - f.count("$$") // 2 for f in found)


def walk(interpreter: str) -> tuple[int, int]:
    """Follow ``whichmin train data.npy``: a small run on three orthonormal points.

    Args:
        interpreter: Python that has the package.

    Returns:
        How many of our modules calls enter, and how often a call enters one that was left before.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = "import numpy; numpy.save('data.npy', numpy.eye(3, 4))"
        for code, *rest in ((data,), (WALK, "entered", "train", "data.npy")):
            subprocess.run(
                [interpreter, "-c", code, *rest], cwd=folder, check=True, capture_output=True
            )
        entered = (Path(folder) / "entered").read_text(encoding="utf-8").split()
    return len(set(entered)), len(entered) - len(set(entered))


def measures(checkout: Checkout, interpreter: str | None) -> dict[str, str]:
    """Measure everything: what to its figure."""
    code, tests = checkout.python(tests=False), checkout.python(tests=True)
    lines, public = checkout.lines(code), public_names(checkout)
    claims = checkout.lines(checkout.matching(*CLAIMS))
    texts = [checkout.text(name) for name in code]
    # A package's own list repeats names of its modules.
    listed = sum(len(names) for m, names in public.items() if m not in checkout.packages)
    chain = longest_chain(import_graph(checkout))
    formula = [f for f in (*code, *checkout.matching("*.md")) if TRACE.search(checkout.text(f))]
    found = {
        "lines of Python without tests, with claims": f"{lines + claims:,}",
        "of these, claims as data": f"{claims:,}",
        "lines of tests": f"{checkout.lines(tests):,} in {len(tests):,} files",
        "generated lines kept in git": f"{checkout.lines(checkout.matching(*GENERATED)):,}",
        "public definitions, in the API reference": f"{len(in_reference(checkout)):,}",
        "names that modules offer each other": f"{listed:,}",
        "longest chain of imports": f"{len(chain) - 1}",
        "files that the Hessian trace is met in": f"{len(formula)}",
        "comments, share of lines": f"{100 * sum(map(comments, texts)) / lines:.1f} %",
        "displayed formulas in docstrings": f"{sum(map(displayed, texts))}",
    }
    if interpreter:
        rooms, returns = walk(interpreter)
        found["modules that train data.npy walks through"] = f"{rooms}, with {returns} returns"
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--python", default=sys.executable, help="interpreter with the package")
    chosen = parser.parse_args()
    print("| | |\n| --- | --- |")
    for what, figure in measures(Checkout(chosen.root), chosen.python).items():
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
