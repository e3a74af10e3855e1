"""Stamps a regular build with the commit it was made from; everything else is in pyproject.toml."""

import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class StampedBuild(build_py):
    """Writes ``whichmin/_commit.txt`` into the build, never into the source tree."""

    def run(self) -> None:
        """Build, then stamp."""
        super().run()
        if self.editable_mode:
            return  # an editable install asks git when it needs to know
        here = Path(__file__).parent
        try:
            # Only if this folder is the checkout's root: a source archive unpacked inside some
            # other repository must not take that repository's commit for its own.
            root = self._git(here, "rev-parse", "--show-toplevel")
            stamp = ""
            if Path(root).resolve() == here.resolve():
                stamp = self._git(
                    here, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"
                )
        except (OSError, subprocess.SubprocessError):
            stamp = ""
        if stamp:
            Path(self.build_lib, "whichmin", "_commit.txt").write_text(stamp + "\n")

    @staticmethod
    def _git(here: Path, *arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(here), *arguments],  # noqa: S607
            capture_output=True, text=True, check=True, timeout=10,
        ).stdout.strip()  # fmt: skip


setup(cmdclass={"build_py": StampedBuild})
