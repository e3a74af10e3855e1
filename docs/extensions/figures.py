"""Draw the figures of the pages with the commands that stand on them, before the site is built.

A command that draws ``x.svg`` ends in ``-o x.svg``; commands before it on the page that show no
output prepare files for it. Figures lie in ``docs/figures``, which is not in git. A page is drawn
anew when its commands or the package have changed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from blocks import commands, figures, find_blocks, shell

__all__ = ["draw", "drawing_commands", "setup"]

ROOT = Path(__file__).parents[2]


def drawing_commands(text: str) -> list[str]:
    """Find the commands of a page that draw its figures, or prepare for it.

    Args:
        text: The page.

    Returns:
        Commands in order; none if the page has no figures.
    """
    names = [Path(figure).name for figure in figures(text)]
    found = []
    for block in find_blocks(text):
        if block.language != "console" or block.reason is not None:
            continue
        for lines, shown in commands(block):
            command = "\n".join(lines).removeprefix("$ ")
            draws = any(f"-o {name}" in command for name in names)
            prepares = command.startswith("python -c") and not any(x.strip() for x in shown)
            if names and (draws or prepares):
                found.append(command)
    return found


def _sources() -> bytes:
    """A digest of what the figures depend on besides the pages."""
    digest = hashlib.sha256()
    for folder in ("src/whichmin", "core", "symbolic", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


def draw(page: Path, into: Path, cache: Path, sources: bytes) -> list[str]:
    """Draw the figures of a page.

    Args:
        page: The page.
        into: Folder of the figures.
        cache: Folder that remembers what was drawn from what.
        sources: Digest of the package.

    Returns:
        What went wrong, one text per command.
    """
    text = page.read_text(encoding="utf-8")
    wanted = drawing_commands(text)
    if not wanted:
        return []
    state = hashlib.sha256("\n".join(wanted).encode() + sources).hexdigest()
    note = cache / f"{page.stem}.drawn"
    names = [Path(figure).name for figure in figures(text)]
    drawn = note.exists() and note.read_text() == state
    if drawn and all((into / name).exists() for name in names):
        return []
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").symlink_to(ROOT / "examples")
        for command in wanted:
            code, printed = shell(command, folder)
            if code:
                faults.append(f"{page.name}: {command}: exit code {code}\n{printed}")
        for figure in names:
            if (folder / figure).exists():
                shutil.copyfile(folder / figure, into / figure)
            else:
                faults.append(f"{page.name}: no command draws {figure}")
    if not faults:
        note.write_text(state)
    return faults


def _draw_all(app: Any) -> None:
    source = Path(app.srcdir)
    into, cache = source / "figures", source / "_build" / "drawn"
    into.mkdir(exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    sources = _sources()
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda page: draw(page, into, cache, sources), sorted(source.glob("*.md")))
        faults = [fault for faults in found for fault in faults]
    if faults:
        raise RuntimeError("\n".join(faults))


def setup(app: Any) -> dict[str, bool]:
    """Draw before the build.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.connect("builder-inited", _draw_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
