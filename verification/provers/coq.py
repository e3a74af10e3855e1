"""Find Coq and Mathematical Components on this machine, and run ``coqc`` and ``coqchk``."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from whichmin.errors import MissingDependency

__all__ = ["INSTALL", "Coq", "find_coq", "require_coq"]

#: What installs all that the proofs need, on Debian and Ubuntu.
INSTALL = "apt-get install --no-install-recommends coq libcoq-mathcomp-algebra-tactics"

# Files of Mathematical Components that the proofs need directly or through others; a file of Coq
# holds digests of what it requires, so these tell one installation from another.
_PARTS = ("algebra/all_algebra.vo", "fingroup/all_fingroup.vo", "algebra_tactics/ring.vo")
# Seconds for a question about versions, which takes a tenth of one.
_ASKING = 30.0


@dataclass(frozen=True)
class Coq:
    """An installation of Coq.

    Attributes:
        coqc: Path of the compiler.
        version: Its version.
        mathcomp: Version of Mathematical Components, ``unknown`` if it cannot be told; empty if
            it, or its package algebra-tactics, is not there.
        digest: Digest of both installations: what was compiled with another is not read by this.
    """

    coqc: str
    version: str
    mathcomp: str
    digest: str

    @property
    def described(self) -> str:
        """Both versions, for a reader."""
        return f"Coq {self.version}, MathComp {self.mathcomp or 'missing'}"

    @property
    def coqchk(self) -> str:
        """Path of the checker of compiled files; empty if it is not there."""
        beside = Path(self.coqc).with_name("coqchk")
        return str(beside) if beside.exists() else shutil.which("coqchk") or ""


def _answer(*command: str) -> str:
    """What a command prints; empty if it cannot be run or fails."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, timeout=_ASKING, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def find_coq() -> Coq | None:
    """Find ``coqc`` on the path, with its version and that of Mathematical Components.

    Returns:
        What was found; None without a ``coqc`` that tells its version.
    """
    coqc = shutil.which("coqc")
    return None if coqc is None else _found(coqc, os.environ.get("COQPATH", ""))


@functools.cache
def _found(coqc: str, more: str) -> Coq | None:
    told = re.search(r"version\s+(\S+)", _answer(coqc, "--version"))
    if told is None:
        return None
    home = Path(_answer(coqc, "-where") or os.devnull)
    places = [home / "user-contrib", *(Path(p) for p in more.split(os.pathsep) if p)]
    found = [_first(places, part) for part in _PARTS]
    digest = hashlib.sha256(told[1].encode())
    for path in (home / "theories/Init/Prelude.vo", *found):
        digest.update(path.read_bytes() if path is not None and path.is_file() else b"-")
    complete = [path for path in found if path is not None]
    version = _mathcomp(complete[0]) if len(complete) == len(_PARTS) else ""
    return Coq(coqc, told[1], version, digest.hexdigest()[:16])


def _first(places: Sequence[Path], part: str) -> Path | None:
    wanted = (place / "mathcomp" / part for place in places)
    return next((path for path in wanted if path.is_file()), None)


def _mathcomp(file: Path) -> str:
    """Tell the version of Mathematical Components from the package that a file came with."""
    return next((v for v in _versions(file) if v), "unknown")


def _versions(file: Path) -> Iterator[str]:
    owner = _answer("dpkg-query", "--search", str(file.resolve())).partition(":")[0]
    if owner:  # Debian: 1.15.0-1+b4, 2.2.0+dfsg-3
        full = _answer("dpkg-query", "--show", "--showformat=${Version}", owner)
        yield re.split(r"[-+~]", full)[0]
    for above in file.parents:  # opam: coq-mathcomp-algebra.1.17.0, rocq-mathcomp-algebra.2.3.0
        kept = above / ".opam-switch" / "packages"
        for package in sorted(kept.glob("*-mathcomp-algebra.*")) if kept.is_dir() else ():
            yield package.name.partition("mathcomp-algebra.")[2]


def require_coq(mathcomp: bool = True) -> Coq:
    """Find Coq, or say in one line what to install.

    Args:
        mathcomp: Whether Mathematical Components is needed too.

    Returns:
        The installation.

    Raises:
        MissingDependency: Coq, or Mathematical Components, is not there.
    """
    coq = find_coq()
    if coq is None:
        raise MissingDependency("coqc", "the proofs are compiled with Coq", INSTALL)
    if mathcomp and not coq.mathcomp:
        what = "MathComp (with algebra-tactics)"
        raise MissingDependency(what, "the proofs use its library", INSTALL)
    return coq
