"""Describe what is needed to compute a result again."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ORACLE", "commit", "oracle_alone", "provenance", "version"]

#: The distribution that holds the oracle alone (``oracle/``); its version is that of the package.
ORACLE = "whichmin-oracle"


def version() -> str:
    """Return the version of the installed package, or of the oracle alone."""
    return importlib.metadata.version(ORACLE if oracle_alone() else "whichmin")


@functools.cache
def oracle_alone() -> bool:
    """Whether the distribution that holds the oracle is installed, and the whole package is not."""
    try:
        importlib.metadata.version("whichmin")
    except importlib.metadata.PackageNotFoundError:
        return True
    return False


@functools.cache
def commit() -> str | None:
    """Return the commit that this code comes from, None if unknown.

    A regular install carries the commit in a file that the build wrote; a checkout asks git, and
    says so when files differ from the commit.
    """
    here = Path(__file__).parent
    stamp = here / "_commit.txt"
    if stamp.exists():
        return stamp.read_text(encoding="ascii").strip() or None
    try:
        subprocess.run(  # noqa: S603 - is this file part of that repository?
            ["git", "-C", str(here), "ls-files", "--error-unmatch", Path(__file__).name],  # noqa: S607
            capture_output=True, check=True, timeout=5,
        )  # fmt: skip
        described = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(here), "describe", "--always", "--abbrev=40", "--dirty",  # noqa: S607
             "--exclude=*"],
            capture_output=True, text=True, check=True, timeout=5,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip() or None


def provenance(
    seed: int | None = None, dtype: str | None = None, device: str | None = None
) -> dict[str, Any]:
    """Describe the circumstances of a result.

    Args:
        seed: Seed of its random choices.
        dtype: Floating-point type that it was computed in.
        device: Device that it was computed on.

    Returns:
        Plain values for JSON.
    """
    torch = sys.modules.get("torch")
    return {
        "whichmin": version(),
        "commit": commit(),
        "seed": seed,
        "dtype": dtype,
        "device": device,
        "threads": torch.get_num_threads() if torch is not None else None,
        "torch": str(torch.__version__) if torch is not None else None,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
