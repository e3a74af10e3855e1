"""Find out what is installed: versions, devices, and which extras of the package are complete.

Everything is read from the installed metadata and from the machine. What is missing or broken is
reported; it raises no error.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from whichmin.bench.cores import available
from whichmin.provenance import commit

__all__ = ["UNLOCKS", "Extra", "Part", "devices", "extras", "parts", "programs"]

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

VersionOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Part:
    """A package, or Python itself, that is or should be installed.

    Attributes:
        name: Name of the distribution, or ``Python``.
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
        name: As in ``whichmin[NAME]``, or the name of a program.
        unlocks: What it is for.
        lacking: Requirements that are not met, with the reason.
        install: Command that installs it; empty if nothing lacks.
    """

    name: str
    unlocks: str
    lacking: tuple[str, ...]
    install: str


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> tuple[list[tuple[Requirement, str]], str]:
    """Read the requirements of this package, each with the extra that asks for it, and of Python.

    Returns:
        Requirements with the name of an extra, empty for what is always needed; nothing if the
        package has no metadata.
    """
    try:
        metadata = importlib.metadata.metadata("whichmin")
    except importlib.metadata.PackageNotFoundError:
        return [], ""
    (python,) = metadata.get_all("Requires-Python") or [""]
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist") or []]
    return [
        (r, extra)
        for r in needed
        for extra in (_extra_names() if r.marker else [""])
        if r.marker is None or r.marker.evaluate({"extra": extra})
    ], python


def _extra_names() -> list[str]:
    try:
        return importlib.metadata.metadata("whichmin").get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def parts(version_of: VersionOf = _installed) -> list[Part]:
    """List the versions of this package, of Python and of all that the package and its extras need.

    What is always needed is imported too, since a package may be installed and broken.

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
    for requirement, extra in requirements:
        if requirement.name != "whichmin":
            key = (canonicalize_name(requirement.name), str(requirement.specifier))
            wanted.setdefault(key, []).append(extra or "whichmin")
    for (name, needs), by in wanted.items():
        part = _judged(name, version_of(name), needs, tuple(by))
        listed.append(_imported(part) if part.usable and "whichmin" in by else part)
    return listed


def _judged(name: str, version: str | None, needs: str, by: tuple[str, ...]) -> Part:
    """Compare a version's release with what is needed: of 2.13.0+cpu and 2.13.0rc1 it is 2.13.0."""
    if version is None:
        return Part(name, None, needs, by, "missing")
    try:
        fits = SpecifierSet(needs).contains(Version(version).base_version)
    except InvalidVersion:
        fits = not needs
    return Part(name, version, needs, by, "present" if fits else "wrong version")


def _imported(part: Part) -> Part:
    """Import a package whose module has its own name, as all that are always needed do."""
    try:
        importlib.import_module(part.name.replace("-", "_"))
    except Exception as error:
        reason = f"broken: {type(error).__name__}: {' '.join(str(error).split())}"
        return Part(part.name, part.version, part.needs, part.wanted_by, reason)
    return part


def extras(version_of: VersionOf = _installed) -> list[Extra]:
    """List the extras of the package, with the requirements of each that are not met.

    Args:
        version_of: Gives the installed version of a distribution, None if it is missing.

    Returns:
        One per extra that the installed metadata names.
    """
    requirements, _ = _requirements()
    found = []
    for name in _extra_names():
        lacking = []
        for need, clauses in dict.fromkeys(_within(name, requirements)):
            part = _judged(need, version_of(need), clauses, ())
            if not part.usable:
                version = "" if part.version is None else f" ({part.version})"
                lacking.append(f"{need}{clauses}: {part.status}{version}")
        command = f"pip install 'whichmin[{name}]'" if lacking else ""
        found.append(Extra(name, UNLOCKS.get(name, ""), tuple(lacking), command))
    return found


def programs() -> list[Extra]:
    """List programs that are no packages of Python, with what of them is missing.

    Returns:
        One: Coq with Mathematical Components.
    """
    from whichmin.verification.provers.coq import INSTALL, find_coq

    coq = find_coq()
    lacking = () if coq is not None else ("coqc: missing",)
    if coq is not None and not coq.mathcomp:
        lacking = ("MathComp with algebra-tactics: missing",)
    name = "Coq" if coq is None else f"Coq {coq.version}"
    unlocks = "proofs checked by a kernel: whichmin prove"
    return [Extra(name, unlocks, lacking, INSTALL if lacking else "")]


def _within(extra: str, requirements: list[tuple[Requirement, str]]) -> Iterator[tuple[str, str]]:
    """Find what an extra requires; ``whichmin[test]`` stands for those of another extra.

    Yields:
        Names of distributions, and the versions that are accepted.
    """
    for requirement, by in requirements:
        if by != extra:
            continue
        if requirement.name != "whichmin":
            yield canonicalize_name(requirement.name), str(requirement.specifier)
        for inner in sorted(requirement.extras) if requirement.name == "whichmin" else ():
            yield from _within(inner, requirements)


def devices() -> list[tuple[str, str]]:
    """List the devices that can compute a run: the CPU with its threads, GPUs that PyTorch sees.

    Returns:
        Pairs of a device as ``--device`` spells it and a description.
    """
    cores = available()
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
