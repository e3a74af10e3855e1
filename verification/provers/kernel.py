"""Compile the proofs with Coq, and ask its kernel what each theorem states and what it assumes.

A theorem is proved if its file and all that it requires compile, if the proof has the type of the
statement of its name in ``Statements.v``, and if the answer to ``Print Assumptions`` is exactly
``Closed under the global context``. The sources are scanned before
(:mod:`whichmin.verification.provers.proof_sources`).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whichmin.errors import InputError, nearest
from whichmin.verification.provers.coq import Coq, require_coq
from whichmin.verification.provers.proof_builds import (
    FLAGS,
    LIMIT,
    Compiled,
    compiled,
    error_text,
)
from whichmin.verification.provers.proof_cache import Cache, Kept, cache_folder
from whichmin.verification.provers.proof_recheck import check_again
from whichmin.verification.provers.proof_sources import LOGICAL, STATEMENTS, Library, library

__all__ = ["CLOSED", "Compiled", "Proof", "Proofs", "files_of", "prove", "select"]

CLOSED = "Closed under the global context"
# Of the way in which the kernel is asked.
_ASKED = "asked 2"


@dataclass(frozen=True)
class Proof:
    """What the kernel says of a theorem.

    Attributes:
        name: Its name.
        prose: Its statement in words.
        statement: Its statement as Coq has it, verbatim.
        file: The file that proves it.
        proved: Whether it is proved from the definitions, without assumptions.
        assumptions: What it assumes.
        message: Why it is not proved; empty if it is.
        seconds: Time to compile its own file.
        seconds_needed: Time to compile all that it needs, its own file included.
        date: When the last of these was compiled.
        sources: Digest of the texts of these.
    """

    name: str
    prose: str
    statement: str
    file: str
    proved: bool
    assumptions: tuple[str, ...] = ()
    message: str = ""
    seconds: float = 0.0
    seconds_needed: float = 0.0
    date: str = ""
    sources: str = ""


@dataclass(frozen=True)
class Proofs:
    """The outcome of one run.

    Attributes:
        proofs: One per theorem that was asked for.
        files: The files that they need, in the order of compilation.
        coq: Version of Coq.
        mathcomp: Version of Mathematical Components.
        faults: What the sources must not hold, and statements that are not proved just once.
        seconds: Wall-clock time of this run.
        recheck: What ``coqchk`` says of the compiled files; empty if it was not asked.
    """

    proofs: tuple[Proof, ...]
    files: tuple[Compiled, ...]
    coq: str
    mathcomp: str
    faults: tuple[str, ...]
    seconds: float
    recheck: str = ""

    @property
    def holds(self) -> bool:
        """Whether all is proved, every file compiles, and none holds what is not allowed."""
        broken = self.faults or any(file.message for file in self.files)
        return bool(self.proofs) and not broken and all(proof.proved for proof in self.proofs)

    @property
    def with_what(self) -> str:
        """With what they were compiled, for a reader."""
        return f"Coq {self.coq}, MathComp {self.mathcomp or 'missing'}"


def _answers(
    folder: Path, homes: Mapping[str, str], files: Mapping[str, Compiled], coq: Coq, fresh: bool
) -> dict[str, tuple[str, ...] | str]:
    """Ask what theorems assume, all of a file together; what was answered before is kept.

    An answer is kept under the digests of the compiled files that it is about.

    Returns:
        For each what it assumes, or a message why it has not the type of its statement.
    """
    cache = None if fresh else Cache(cache_folder())
    asked: dict[str, dict[str, str]] = {}
    for name, home in homes.items():
        asked.setdefault(home, {})[name] = home
    answers: dict[str, tuple[str, ...] | str] = {}
    keys = {}
    for home, names in asked.items():
        about = (_ASKED, coq.digest, files[STATEMENTS].digest, files[home].digest, sorted(names))
        keys[home] = hashlib.sha256(repr(about).encode()).hexdigest()[:32]
        kept = None if cache is None else cache.take(keys[home])
        if kept is not None:
            answers |= {name: tuple(told) for name, told in json.loads(kept.content).items()}
    new = {name: home for name, home in homes.items() if name not in answers}
    if new:
        answers |= _ask(folder, new, coq)
    for home in {*new.values()}:
        found = {name: answers[name] for name in asked[home]}
        if cache is not None and not any(isinstance(answer, str) for answer in found.values()):
            cache.keep(keys[home], Kept(json.dumps(found).encode(), 0.0, files[home].date, {}))
    return answers


def _ask(folder: Path, homes: Mapping[str, str], coq: Coq) -> dict[str, tuple[str, ...] | str]:
    """Ask what theorems assume: all together, which is as quick as one; if that fails, one by one.

    Returns:
        For each what it assumes, or a message why it has not the type of its statement.
    """
    answer = _asked(folder, homes, coq)
    if answer == () or len(homes) == 1:
        return dict.fromkeys(homes, answer)
    return {
        name: found
        for name, home in homes.items()
        for found in _ask(folder, {name: home}, coq).values()
    }


def _asked(folder: Path, homes: Mapping[str, str], coq: Coq) -> tuple[str, ...] | str:
    """Ask whether theorems have the types of their statements, and what all of them assume."""
    mark = f"whichmin-{secrets.token_hex(8)}"  # no file can print it
    files = dict.fromkeys(homes.values())
    lines = [f"From {LOGICAL} Require {STATEMENTS} {' '.join(files)}.", "Set Printing Width 1000."]
    together = []
    for name, home in homes.items():
        statement, theorem = f"{LOGICAL}.{STATEMENTS}.{name}", f"{LOGICAL}.{home}.{name}"
        lines += [f"Check ({statement} : Prop).", f"Check ({theorem} : {statement})."]
        together += [statement, theorem]
    # What a tuple assumes is what its parts do, theorems and statements alike.
    lines += [
        f"Definition together := ({', '.join(together)}).",
        f'Goal True. idtac "{mark} all". Abort.',
        "Print Assumptions together.",
        f'Goal True. idtac "{mark} end". Abort.',
    ]
    query = "Asked" + secrets.token_hex(4)
    (folder / f"{query}.v").write_text("\n".join((*lines, "")), "utf-8")
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [coq.coqc, *FLAGS, f"{query}.v"], cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the question took more than {LIMIT:.0f} s"
    if done.returncode != 0:
        told = error_text(done.stderr.decode("utf-8", "replace")).partition("\n")[2]
        return told or f"coqc ended with exit code {done.returncode}"
    told = done.stdout.decode("utf-8", "replace")
    found = re.search(rf"^{mark} all\n(.*?)^{mark} end$", told, flags=re.DOTALL | re.MULTILINE)
    return _assumed("no answer" if found is None else found[1].strip())


def _assumed(answer: str) -> tuple[str, ...]:
    """The assumptions in an answer to ``Print Assumptions``; anything unknown counts as one."""
    if answer == CLOSED:
        return ()
    lines = [line for line in answer.splitlines() if line.strip()]
    named = [line.partition(" :")[0] for line in lines if re.match(r"[\w.']+ :", line)]
    return tuple(named or lines or ["no answer"])


def select(names: Sequence[str], proofs: Library | None = None) -> tuple[str, ...]:
    """Check names of theorems.

    Args:
        names: Names; none for all.
        proofs: The files; None for those that come with the package.

    Returns:
        The names, in the order of the statements.

    Raises:
        InputError: There is no such theorem.
    """
    known = (library() if proofs is None else proofs).statements
    for name in names:
        if name not in known:
            raise InputError("NAME", name, f"must be a theorem; {nearest(name, known)}")
    return tuple(name for name in known if not names or name in names)


def files_of(names: Sequence[str], proofs: Library | None = None) -> tuple[str, ...]:
    """List the files that theorems need.

    Args:
        names: Names of theorems; none for all files there are.
        proofs: The files; None for those that come with the package.

    Returns:
        Names of files, in an order in which they can be compiled.
    """
    chosen = library() if proofs is None else proofs
    if not names:
        return chosen.needed(chosen.texts)
    return chosen.needed({STATEMENTS, *(chosen.homes[n] for n in names if n in chosen.homes)})


def prove(
    *names: str,
    proofs: Library | None = None,
    fresh: bool = False,
    deep: bool = False,
    jobs: int = 1,
    told: Callable[[float, str], None] | None = None,
) -> Proofs:
    """Compile what theorems need, and ask Coq's kernel about each.

    Args:
        *names: Names of theorems; none for all.
        proofs: The files; None for those that come with the package.
        fresh: Whether to compile all anew, and keep nothing.
        deep: Whether ``coqchk`` checks all compiled files anew, with those of Mathematical
            Components; takes minutes.
        jobs: Files that are compiled at once, at least 1.
        told: Called with the number of files done, and those at work.

    Returns:
        What the kernel says.

    Raises:
        InputError: There is no such theorem, or jobs is below 1.
        MissingDependency: Coq is not there.
    """
    chosen = library() if proofs is None else proofs
    asked = select(names, chosen)
    if jobs < 1:
        raise InputError("jobs", jobs, "must be at least 1")
    coq = require_coq(chosen.uses_mathcomp)
    began = time.monotonic()
    homes = {name: chosen.homes[name] for name in asked if name in chosen.homes}
    wanted = files_of(names, chosen)
    faults = [told for name in (*wanted, *asked) for told in chosen.faults.get(name, ())]
    recheck = ""
    with compiled(chosen, wanted, coq, fresh=fresh, jobs=jobs, told=told) as (folder, files):
        usable = {name: home for name, home in homes.items() if not files[home].message}
        askable = bool(usable) and not files[STATEMENTS].message
        answers = _answers(folder, usable, files, coq, fresh) if askable else {}
        if deep:
            good = [name for name in files if not files[name].message]
            recheck, wrong = check_again(folder, good, coq)
            faults += wrong
    return Proofs(
        tuple(_proof(chosen, name, files, answers.get(name)) for name in asked),
        tuple(files.values()),
        coq.version,
        coq.mathcomp,
        tuple(faults),
        time.monotonic() - began,
        recheck,
    )


def _proof(
    proofs: Library, name: str, files: Mapping[str, Compiled], answer: tuple[str, ...] | str | None
) -> Proof:
    stated, home = proofs.statements[name], proofs.homes.get(name)
    needed = [files[file] for file in proofs.needed([STATEMENTS, *([home] if home else [])])]
    names = [file.name for file in needed]
    faults = [told for place in (name, *names) for told in proofs.faults.get(place, ())]
    if faults:
        message = "; ".join(faults)
    elif answer is None:
        message = next((file.message for file in needed if file.message), "Coq gave no answer")
    elif isinstance(answer, str):
        message = answer
    else:
        message = f"it assumes {', '.join(answer)}" if answer else ""
    return Proof(
        name, stated.prose, stated.text, f"{home}.v" if home else "",
        proved=not message,
        assumptions=answer if isinstance(answer, tuple) else (),
        message=message,
        seconds=files[home].seconds if home else 0.0,
        seconds_needed=sum(file.seconds for file in needed),
        date=max(file.date for file in needed),
        sources=proofs.digest(names),
    )  # fmt: skip
