"""Checks the links of the built site: ``python docs/links.py docs/_build/html``.

Every relative link must lead to a file, and every fragment to an element with that id. Links that
leave the site are listed and their spelling is checked; nothing is fetched.

Sphinx itself (``-n -W``) checks references between pages. It does not look at what extensions link
to by address (claims, checks, works cited), at HTML in a page, or at files that a page shows; and
its ``linkcheck`` builder needs the network.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["check_site"]

_OUTSIDE = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[^\s<>\"]*)?", re.IGNORECASE)


class _Page(HTMLParser):
    """Collects what a page links to, and where it can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and anchors."""
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")
            elif name in {"href", "src"}:
                self.targets.append(value or "")


def check_site(folder: Path) -> tuple[list[str], list[str]]:
    """Follow every link of a built site.

    Args:
        folder: Where the HTML files are.

    Returns:
        Faults, one line each, and the links that leave the site.

    Raises:
        ValueError: There are no HTML files.
    """
    pages = {
        file.resolve(): _Page(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.html"))
    }
    if not pages:
        raise ValueError(f"{folder} holds no HTML files")
    faults: list[str] = []
    outside: set[str] = set()
    for file, page in pages.items():
        name = file.relative_to(folder.resolve())
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                outside.add(target)
                if not _OUTSIDE.fullmatch(target):
                    faults.append(f"{name}: {target} is no proper address")
                continue
            to = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not to.is_file():
                faults.append(f"{name}: {target} leads nowhere")
            elif to in pages and unquote(parts.fragment) not in pages[to].anchors:
                faults.append(f"{name}: {target} has no such place")
    return faults, sorted(outside)


def main() -> int:
    """Check the site named on the command line.

    Returns:
        The exit code: 1 if a link is at fault.
    """
    faults, outside = check_site(Path(sys.argv[1]))
    print("links that leave the site (not fetched):", *outside, sep="\n  ")
    print(*faults, sep="\n")
    print(f"{len(faults)} faults" if faults else "every link inside the site leads somewhere")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
