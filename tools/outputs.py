"""Record what the product says on fixed inputs, and compare two records.

``python tools/outputs.py record FOLDER`` runs the groups of ``outputs.toml`` with the package of
the interpreter that runs it, through the command line and public functions alone, so that a record
from before modules moved can be compared with one from after.

``python tools/outputs.py compare BEFORE AFTER`` reports every difference; the exit code is 1 if
there is one. ``--expected FILE`` names differences that have a reason: a TOML table from a pattern
of "group kind | run | place", as the report shows them, to the reason.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import importlib
import itertools
import json
import multiprocessing
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from records import NUMBER, compare

TOOLS = Path(__file__).parent
# Hundreds of commands run in forks of a process that has loaded these once.
LIBRARIES = (
    "hypothesis", "matplotlib", "numba", "pandas", "rich.table", "scipy.optimize", "sympy",
    "tabulate", "torch",
)  # fmt: skip
SETTINGS = {
    "COLUMNS": "80", "LC_ALL": "C.UTF-8", "MPLBACKEND": "agg", "NO_COLOR": "1",
    "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": "",
}  # fmt: skip
# Times, speeds and versions; margins, which contain times, and are not promised.
VOLATILE = {
    "cores", "margin", "nanoseconds_per_replica_step", "ns per replica-step", "platform",
    "ratio max", "ratio median", "ratio min", "ratios", "seconds", "steps_per_round", "threads",
    "version", "worst", "worst margin",
}  # fmt: skip
LASTING = {"seed", "dtype", "device"}  # of provenance
# Bars of progress are for people who wait; how busy the machine is, is no result.
PASSING = re.compile(r"[\w .-]+: \d+ %(, .*left)?|The machine is busy.*")


def stripped(text: str) -> str:
    """Replace times, paths and versions in a text."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"\b[0-9a-f]{7,40}\b(?=.*commit)|(?<=commit )[0-9a-f]{7,40}", "COMMIT", text)
    text = re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]*", "PATH", text)
    text = re.sub(r"\b\d+(\.\d+)?(e-?\d+)? ?(ms|s|min|seconds|minutes)\b", "TIME", text)
    text = re.sub(r"\b\d+ (cores|threads)\b", r"N \1", text)
    return "\n".join(line for line in text.splitlines() if not PASSING.fullmatch(line))


def plain(content: Any) -> Any:
    """Drop what is volatile from JSON."""
    if isinstance(content, dict):
        kept_keys = [k for k in content if k not in VOLATILE]
        if "provenance" in content:
            known = content["provenance"] or {}
            content = content | {"provenance": {k: known[k] for k in LASTING & known.keys()}}
        return {k: plain(content[k]) for k in kept_keys}
    if isinstance(content, list):
        return [plain(item) for item in content if not PASSING.fullmatch(str(item))]
    return stripped(content) if isinstance(content, str) else content


def parsed(text: str, *, masked: bool = False) -> Any:
    """Read an output: JSON as what it holds, other text as its lines.

    Args:
        text: What a run wrote.
        masked: Whether numbers of a text, and the widths of its columns, contain times.

    Returns:
        What JSON can hold.
    """
    try:
        return plain(json.loads(text))
    except ValueError:
        text = stripped(text)
        return {"lines": re.sub(r"[ -]{2,}", " ", NUMBER.sub("#", text)) if masked else text}


def picture(text: str) -> dict[str, Any]:
    """Read an SVG: its labels, and the coordinates of what is drawn, kind by kind."""
    labels = re.findall(r"<!-- (.*?) -->", text) + re.findall(r"<text[^>]*>([^<]*)<", text)
    shapes: dict[str, list[list[float]]] = {}
    for group in ET.fromstring(text).iter():
        kind = group.get("id", "").rpartition("_")[0]
        if not group.tag.endswith("}g") or not kind or kind in {"figure", "axes", "text"}:
            continue
        for child in group.iter():
            place = child.get("d") or " ".join(child.get(k, "") for k in ("x", "y"))
            if child.tag.rpartition("}")[2] in {"path", "use"} and "axis" not in kind:
                shapes.setdefault(kind, []).append([float(x) for x in NUMBER.findall(place)])
    return {"labels": labels, "shapes": shapes}


def kept(path: Path) -> Any:
    """Read a file that a run wrote."""
    if path.suffix == ".npy":
        array = np.load(path)
        fields = {name: array[name].tolist() for name in array.dtype.names or ()}
        return {"dtype": str(array.dtype), "values": fields or array.tolist()}
    if path.suffix in {".png", ".pdf"}:
        return {"begins": path.read_bytes()[:4].decode("latin-1")}
    text = path.read_text(encoding="utf-8")
    return picture(text) if path.suffix == ".svg" else parsed(text)


def expanded(run: str, lists: dict[str, list[str]]) -> Iterator[str]:
    """Put every combination of words for the names in braces.

    Yields:
        Runs.
    """
    names = re.findall(r"\{(\w+)\}", run)
    for words in itertools.product(*(lists[name] for name in names)):
        yield run.format(**dict(zip(names, words, strict=True)))


def whichmin(arguments: list[str], folder: Path) -> None:
    """Do in a fork what ``python -m whichmin ARGUMENTS`` does in a folder."""
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder.parent / name, os.O_WRONLY | os.O_CREAT), number)
    sys.argv, sys.path[0] = ["whichmin", *arguments], str(folder)
    code = 0
    try:
        runpy.run_module("whichmin", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        code = 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def execute(group: dict[str, Any], run: str, inputs: Path) -> dict[str, Any]:
    """Carry out one run in a folder of its own."""
    kind = group.get("kind", "whichmin")
    suite = [
        "-m", "pytest", "--pyargs", "whichmin.verification.suite", f"--whichmin-target={run}",
        "--whichmin-quick", "-q", "-p", "no:cacheprovider", "--whichmin-json=verdict.json",
        "--whichmin-markdown=verdict.md", "--whichmin-limit=600",  # the machine may be busy
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        shutil.copytree(inputs, folder)
        out, err = (Path(name) / stream for stream in ("stdout", "stderr"))
        if kind == "whichmin":
            fork = multiprocessing.get_context("fork")
            process = fork.Process(target=whichmin, args=(shlex.split(run), folder))
            process.start()
            process.join()
            code = process.exitcode
        else:
            command = [sys.executable, *(suite if kind == "oracle" else [run])]
            with out.open("w") as stdout, err.open("w") as stderr:
                code = subprocess.run(
                    command, cwd=folder, check=False, stdout=stdout, stderr=stderr
                ).returncode
        files = {
            path.name: kept(path)
            for pattern in group.get("keep", ())
            for path in sorted(folder.glob(pattern))
            if not (inputs / path.name).exists()
        }
        told = stripped(err.read_text(encoding="utf-8"))
        result = {"exit": code, "stderr": told, "files": files}
        # pytest's own words are not ours; the verdict is in the files.
        said = parsed(out.read_text(encoding="utf-8"), masked=group.get("masked", False))
        return result if kind == "oracle" else {"stdout": said, **result}


def record(folder: Path, chosen: list[str], jobs: int) -> None:
    """Run groups, all if none is chosen, one file of JSON each."""
    groups = tomllib.loads((TOOLS / "outputs.toml").read_text(encoding="utf-8"))
    lists = groups.pop("lists")
    folder.mkdir(parents=True, exist_ok=True)
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name)
        for file in (*TOOLS.glob("snippets/*.py"), *TOOLS.glob("targets/*.py")):
            shutil.copy(file, inputs)
        for file in (TOOLS.parent / "examples").glob("*.py"):
            shutil.copy(file, inputs)
        subprocess.run([sys.executable, "inputs.py"], cwd=inputs, check=True)
        for title, group in groups.items():
            if chosen and title not in chosen:
                continue
            runs = [r.strip() for run in group["runs"] for r in expanded(run, lists)]
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                results = pool.map(lambda r, g=group: execute(g, r, inputs), runs)
                content = dict(zip(runs, results, strict=True))
            text = json.dumps(content, indent=1, ensure_ascii=False)
            (folder / f"{title}.json").write_text(text + "\n", encoding="utf-8")
            print(f"{title}: {len(runs)} runs", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="record the outputs of the installed package")
    recording.add_argument("folder", type=Path)
    recording.add_argument("groups", nargs="*", help="of outputs.toml; without, all")
    recording.add_argument("--jobs", type=int, default=1, help="runs at a time")
    comparing = commands.add_parser("compare", help="compare two records")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--expected", type=Path, help="TOML: differences that have a reason")
    chosen = parser.parse_args()
    if chosen.command == "record":
        if os.environ | SETTINGS != dict(os.environ):  # some count from the start of a process
            os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | SETTINGS)
        record(chosen.folder, chosen.groups, chosen.jobs)
        return
    named = chosen.expected and tomllib.loads(chosen.expected.read_text(encoding="utf-8"))
    sys.exit(compare(chosen.before, chosen.after, named or {}))


if __name__ == "__main__":
    main()
