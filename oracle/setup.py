"""Builds a wheel that holds the oracle alone, from the files of the checkout around this folder.

Its files are those of the whole package, byte for byte: where both are installed nothing differs.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"whichmin": ROOT / "src/whichmin", "whichmin/verification": ROOT / "verification"}
# What the oracle imports; a test holds this list against the imports.
MODULES = (
    "__init__", "errors", "files", "lazy", "moved", "provenance", "pytest_plugin", "reporting",
    "terminal", "text_tables",
)  # fmt: skip
FOLDERS = ("oracle", "suite")


def members() -> dict[str, Path]:
    """Every file of the wheel, by its name in it."""
    front, verification = SOURCES["whichmin"], SOURCES["whichmin/verification"]
    files = [front / f"{name}.py" for name in MODULES]
    files += [front / "__init__.pyi", front / "py.typed"]
    files += [verification / "__init__.py", verification / "__init__.pyi"]
    for folder in FOLDERS:
        files += sorted(verification.joinpath(folder).rglob("*.py"))
        files += sorted(verification.joinpath(folder).rglob("*.pyi"))
    return {
        f"{name}/{file.relative_to(home).as_posix()}": file
        for name, home in SOURCES.items() for file in files if home in file.parents
    }  # fmt: skip


class Build(build_py):
    """Copies the members."""

    def run(self) -> None:
        """Build."""
        if self.editable_mode:
            raise SetupError("install the oracle without -e, or the whole package with it")
        shutil.rmtree(self.build_lib, ignore_errors=True)  # no file of another version
        for name, file in members().items():
            target = Path(self.build_lib, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def whole() -> dict[str, Any]:
    """What the whole package says of itself in its ``pyproject.toml``."""
    file = ROOT / "pyproject.toml"
    if not file.is_file():
        raise SetupError(f"{file} is missing: build a wheel, in a checkout, with no sdist before")
    return tomllib.loads(file.read_text("utf-8"))["project"]


def requirements(project: dict[str, Any]) -> list[str]:
    """The ranges of the whole package for what the oracle needs."""
    ranges = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [r for r in ranges if r.split(">")[0] in {"mpmath", "numpy", "pytest"}]


if __name__ == "__main__":
    about = whole()
    setup(
        version=about["version"],
        python_requires=about["requires-python"],
        install_requires=requirements(about),
        packages=["whichmin"],
        package_dir={"whichmin": "../src/whichmin"},
        cmdclass={"build_py": Build},
    )
