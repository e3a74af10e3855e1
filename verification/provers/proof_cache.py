"""Keep compiled proofs between runs, under digests of all that they were compiled from.

An entry is one file: a line of JSON about it, then the content of the ``.vo`` file. It is written
beside its place and then takes its name, so that it is there in full or not at all; it is read only
if its digest is right. A file whose disk is full or that cannot be written is not kept, and nothing
else happens. A lock per entry keeps two processes from compiling the same file at once; the system
lifts it when its process ends, however that happens.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # not on Windows: there two processes may compile the same file
    fcntl = None  # type: ignore[assignment]

__all__ = ["Cache", "Kept", "cache_folder"]

# Entries that nobody has used for so long belong to files that have changed since.
_DAYS = 30


def cache_folder() -> Path:
    """Return where compiled proofs are kept: ``whichmin/proofs`` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification of XDG: a path that is not absolute counts as none.
    home = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~"), ".cache")
    return home / "whichmin" / "proofs"


@dataclass(frozen=True)
class Kept:
    """A compiled file.

    Attributes:
        content: The content of the ``.vo`` file.
        seconds: How long it took to compile.
        date: When that was, as ``2026-11-30``.
        built_with: Digests of the compiled files that it requires, by name.
    """

    content: bytes = field(repr=False)
    seconds: float
    date: str
    built_with: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


class Cache:
    """A folder of compiled proofs.

    Args:
        folder: Where it is; made if it can be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._tidy()

    def take(self, key: str) -> Kept | None:
        """Return an entry.

        Args:
            key: Digest of what the file was compiled from.

        Returns:
            The entry; None if there is none that is whole.
        """
        path = self.folder / key
        try:
            head, _, content = path.read_bytes().partition(b"\n")
            told: dict[str, Any] = json.loads(head)
            right = told.pop("digest")
            kept = Kept(content, **told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        if kept.digest != right:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return kept

    def keep(self, key: str, kept: Kept) -> bool:
        """Write an entry, if that is possible.

        Args:
            key: Digest of what the file was compiled from.
            kept: The entry.

        Returns:
            Whether it was written.
        """
        told = asdict(kept) | {"digest": kept.digest}
        del told["content"]
        temporary = None
        try:
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-", delete=False) as file:
                temporary = Path(file.name)
                file.write(json.dumps(told).encode() + b"\n" + kept.content)
            temporary.replace(self.folder / key)
        except OSError:
            return False
        finally:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
        return True

    def lock(self, key: str) -> contextlib.ExitStack | None:
        """Lock an entry, without waiting.

        Args:
            key: Digest of what the file is compiled from.

        Returns:
            What lifts the lock when it is closed; None if another process has it. Where nothing
            can be locked there is nothing to share, and it holds no lock.
        """
        held = contextlib.ExitStack()
        try:
            file = held.enter_context((self.folder / f"{key}.lock").open("ab"))
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            return None
        except OSError:
            pass
        return held

    def _tidy(self) -> None:
        """Remove what nobody has used for long, and what a killed process left."""
        oldest = time.time() - _DAYS * 24 * 3600
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink()
