"""What is installed: versions, devices, and which extras of the package are complete.

Everything is read from the installed metadata and from the machine. Nothing here raises because
something is missing or broken: that is what the reader wants to be told.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from whichmin.provenance import commit

__all__ = [
    "UNLOCKS",
    "Extra",
    "Part",
    "Requirement",
    "devices",
    "extras",
    "parse_requirement",
    "parts",
    "satisfied",
]

# What an extra is for; a test compares the names with pyproject.toml.
UNLOCKS = {
    "plot": "figures: whichmin plot",
    "images": "real images: --dataset digits and mnist",
    "cuda": "engine compiled on a GPU (seen in a simulator)",
    "bench": "JAX among the contenders of whichmin bench",
    "proofs": "SMT proofs, ball arithmetic, finite elements",
    "curvature": "curvlinops as engine of the instruments",
    "tools": "the oracle's adapters of published tools",
    "layerwise": "optax beside our LARS and LAMB steps",
    "docs": "building the documentation site",
    "pandas": "to_pandas() of results, evidence and tables",
    "test": "pytest and the benchmarks",
    "dev": "linting, type checking and building",
}

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?$")
_EXTRA = re.compile(r"\s*extra\s*==\s*[\"']([^\"']+)[\"']\s*$")
_CLAUSE = re.compile(r"(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)$")
_COMPARE: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": lambda have, need: have >= need,
    "<=": lambda have, need: have <= need,
    "==": lambda have, need: have == need,
    "!=": lambda have, need: have != need,
    ">": lambda have, need: have > need,
    "<": lambda have, need: have < need,
}

VersionOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Requirement:
    """One line of the metadata.

    Attributes:
        name: Distribution, normalised (lower case, hyphens).
        needs: Version clauses, such as ``>=2.1``; empty for any version.
        within: Extras of that distribution, for ``whichmin[test]``.
        extra: The extra of ours that asks for it; empty for what is always needed.
    """

    name: str
    needs: str
    within: tuple[str, ...] = ()
    extra: str = ""


@dataclass(frozen=True)
class Part:
    """Something that is, or should be, there.

    Attributes:
        name: What it is.
        version: Its version, None if missing.
        needs: Versions that are accepted; empty for any.
        wanted_by: ``whichmin`` if it is always needed, and extras that ask for it.
        status: ``present``, ``missing``, ``wrong version`` or ``broken: REASON``.
    """

    name: str
    version: str | None
    needs: str = ""
    wanted_by: tuple[str, ...] = ()
    status: str = "present"

    @property
    def usable(self) -> bool:
        """Whether it can be used."""
        return self.status == "present"


@dataclass(frozen=True)
class Extra:
    """An optional part of the package.

    Attributes:
        name: As in ``whichmin[NAME]``.
        unlocks: What it is for.
        lacking: Requirements that are not met, with the reason.
        install: Command that installs it; empty if nothing lacks.
    """

    name: str
    unlocks: str
    lacking: tuple[str, ...]
    install: str


def parse_requirement(line: str) -> Requirement:
    """Read a line of ``Requires-Dist``.

    It understands what this package writes: names, extras, comparisons with a plain release, and
    a marker that names an extra. A test holds every line of pyproject.toml against ``packaging``,
    which is no dependency of this package.

    Args:
        line: Such as ``pandas>=2.1; extra == "pandas"``.

    Returns:
        Its parts.

    Raises:
        ValueError: Anything else.
    """
    found = _REQUIREMENT.match(line.strip())
    marker = None if found is None or found[4] is None else _EXTRA.match(found[4])
    if found is None or (found[4] is not None and marker is None):
        raise ValueError(f"requirement that is not understood: {line!r}")
    clauses = [c.strip() for c in found[3].split(",") if c.strip()]
    if not all(map(_CLAUSE.match, clauses)):
        raise ValueError(f"version that is not understood: {line!r}")
    within = tuple(e.strip() for e in (found[2] or "").split(",") if e.strip())
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    return Requirement(name, ",".join(clauses), within, "" if marker is None else marker[1])


def satisfied(version: str, needs: str) -> bool:
    """Say whether a version is accepted.

    Only the release counts: of 2.13.0+cpu and 2.13.0rc1 it is 2.13.0.

    Args:
        version: Installed version.
        needs: Clauses, separated by commas.

    Returns:
        Whether all clauses hold.
    """
    have = _release(version)
    for clause in filter(None, needs.split(",")):
        found = _CLAUSE.match(clause.strip())
        assert found is not None, clause
        need = _release(found[2])
        length = max(len(have), len(need))
        padded = [(*v, *(0,) * (length - len(v))) for v in (have, need)]
        if not _COMPARE[found[1]](*padded):
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    found = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version)
    return () if found is None else tuple(map(int, found[1].split(".")))


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> tuple[list[Requirement], str]:
    """Requirements of this package, and of its Python; none if it has no metadata."""
    try:
        metadata = importlib.metadata.metadata("whichmin")
    except importlib.metadata.PackageNotFoundError:
        return [], ""
    lines = metadata.get_all("Requires-Dist") or []
    (python,) = metadata.get_all("Requires-Python") or [""]
    return [parse_requirement(line) for line in lines], python


def _extra_names() -> list[str]:
    try:
        return importlib.metadata.metadata("whichmin").get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def parts(version_of: VersionOf = _installed) -> list[Part]:
    """List versions of everything: this package, Python, what it needs and what its extras need.

    What is always needed is imported, since a package may be there and broken.

    Args:
        version_of: Gives the installed version of a distribution, None if it is missing.

    Returns:
        The parts, in the order in which the metadata names them.
    """
    requirements, python = _requirements()
    own = version_of("whichmin")
    listed = [
        Part("whichmin", own, status="missing" if own is None else "present"),
        Part("commit", commit() or "unknown"),
        _judged("Python", platform.python_version(), python, ("whichmin",)),
        Part("platform", platform.platform()),
    ]
    wanted: dict[tuple[str, str], list[str]] = {}
    for requirement in requirements:
        if requirement.name != "whichmin":
            key = (requirement.name, requirement.needs)
            wanted.setdefault(key, []).append(requirement.extra or "whichmin")
    for (name, needs), by in wanted.items():
        part = _judged(name, version_of(name), needs, tuple(by))
        listed.append(_imported(part) if part.usable and "whichmin" in by else part)
    return listed


def _judged(name: str, version: str | None, needs: str, by: tuple[str, ...]) -> Part:
    if version is None:
        return Part(name, None, needs, by, "missing")
    status = "present" if satisfied(version, needs) else "wrong version"
    return Part(name, version, needs, by, status)


def _imported(part: Part) -> Part:
    """Import a package whose module has its own name, as all that are always needed do."""
    try:
        importlib.import_module(part.name.replace("-", "_"))
    except Exception as error:
        reason = f"broken: {type(error).__name__}: {' '.join(str(error).split())}"
        return Part(part.name, part.version, part.needs, part.wanted_by, reason)
    return part


def extras(version_of: VersionOf = _installed) -> list[Extra]:
    """List the extras of the package and what lacks.

    Args:
        version_of: Gives the installed version of a distribution, None if it is missing.

    Returns:
        One per extra that the installed metadata names.
    """
    requirements, _ = _requirements()
    found = []
    for name in _extra_names():
        lacking = []
        for need in dict.fromkeys(_within(name, requirements)):
            part = _judged(need.name, version_of(need.name), need.needs, ())
            if not part.usable:
                version = "" if part.version is None else f" ({part.version})"
                lacking.append(f"{need.name}{need.needs}: {part.status}{version}")
        command = f"pip install 'whichmin[{name}]'" if lacking else ""
        found.append(Extra(name, UNLOCKS.get(name, ""), tuple(lacking), command))
    return found


def _within(extra: str, requirements: list[Requirement]) -> Iterator[Requirement]:
    """Requirements of an extra; ``whichmin[test]`` stands for those of another extra."""
    for requirement in requirements:
        if requirement.extra != extra:
            continue
        if requirement.name != "whichmin":
            yield Requirement(requirement.name, requirement.needs)
        for inner in requirement.within if requirement.name == "whichmin" else ():
            yield from _within(inner, requirements)


def devices() -> list[tuple[str, str]]:
    """List where a run can be computed: the CPU's threads and the GPUs that PyTorch sees.

    Returns:
        Pairs of a device as ``--device`` spells it and a description.
    """
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable is not None else os.cpu_count() or 1
    torch = sys.modules.get("torch")
    if torch is None:
        return [("cpu", f"{cores} cores"), ("cuda", "unknown: torch cannot be imported")]
    listed = [("cpu", f"{cores} cores, {torch.get_num_threads()} threads in use")]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
                what = torch.cuda.get_device_properties(index)
                listed.append((
                    f"cuda:{index}",
                    f"{what.name}, {what.total_memory / 2**30:.0f} GiB",
                ))
        except Exception as error:
            listed.append(("cuda", f"broken: {type(error).__name__}: {error}"))
    if len(listed) == 1:
        built = torch.version.cuda
        why = (
            f"none seen (torch is built for CUDA {built})"
            if built
            else "none: a CPU build of torch"
        )
        reasons = "; ".join(dict.fromkeys(" ".join(str(w.message).split()) for w in said))
        listed.append(("cuda", f"{why}; {reasons}" if reasons else why))
    return listed
