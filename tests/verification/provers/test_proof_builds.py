"""Files are compiled once, in order, whatever else goes on; with a program that plays Coq."""

import multiprocessing
import os
import signal
import threading
import time

import pytest
from toy import DEFINITIONS, LEMMAS, STATEMENTS, changed, fake_coq, toy

from whichmin.verification.provers import proof_builds
from whichmin.verification.provers.coq import find_coq
from whichmin.verification.provers.proof_builds import compiled, error_text, keys
from whichmin.verification.provers.proof_cache import Cache, Kept


@pytest.fixture
def log(tmp_path, monkeypatch, own_cache):
    return fake_coq(tmp_path / "bin", monkeypatch)


def build(proofs=None, wanted=("TheoremsToy",), **options):
    with compiled(proofs or toy(), wanted, find_coq(), **options) as (folder, files):
        made = {path.stem for path in folder.glob("*.vo")}
        assert made == {name for name, file in files.items() if not file.message}
    assert not folder.exists()
    return files


def begun(log):
    lines = log.read_text().split("\n")
    log.write_text("")
    return [line.partition(" ")[2] for line in lines if line.startswith("begin")]


def test_each_file_is_compiled_after_what_it_requires_and_only_once(log):
    files = build()
    order = begun(log)
    assert sorted(order) == ["Definitions", "Lemmas", "Statements", "TheoremsToy"]
    assert (order[0], order[-1]) == ("Definitions", "TheoremsToy")
    assert not any(file.before or file.message for file in files.values())
    again = build()
    assert begun(log) == []
    assert all(file.before for file in again.values())
    assert {n: f.seconds for n, f in again.items()} == {n: f.seconds for n, f in files.items()}
    assert {file.date for file in again.values()} == {file.date for file in files.values()}


def test_only_what_is_needed_is_compiled(log):
    assert list(build(wanted=["Lemmas"])) == ["Definitions", "Lemmas"]
    assert begun(log) == ["Definitions", "Lemmas"]


def test_a_change_compiles_what_rests_on_it(log):
    build()
    begun(log)
    build(toy(Lemmas=LEMMAS + "\n"))
    assert begun(log) == ["Lemmas", "TheoremsToy"]
    build(toy(Definitions=DEFINITIONS + "\n"))
    assert len(begun(log)) == 4


def test_another_coq_compiles_anew(log, tmp_path, monkeypatch):
    build()
    same = fake_coq(tmp_path / "same", monkeypatch)
    build()
    assert begun(same) == []
    prelude = tmp_path / "other" / "home" / "theories" / "Init" / "Prelude.vo"
    prelude.parent.mkdir(parents=True)
    prelude.write_text("another")
    other = fake_coq(tmp_path / "other", monkeypatch)
    build()
    assert len(begun(other)) == 4


def test_fresh_neither_reads_nor_writes_what_is_kept(log, own_cache):
    build(fresh=True)
    assert len(begun(log)) == 4
    assert not own_cache.exists()
    build()
    assert len(begun(log)) == 4
    build(fresh=True)
    assert len(begun(log)) == 4


def test_what_was_compiled_against_another_copy_is_compiled_again(log, own_cache):
    build()
    begun(log)
    key = keys(toy(), toy().needed(["Definitions"]), find_coq())["Definitions"]
    cache = Cache(own_cache)
    cache.keep(key, Kept(b"another copy", 1.0, "2026-01-01", {}))
    build()
    assert sorted(begun(log)) == ["Lemmas", "Statements", "TheoremsToy"]


def test_a_damaged_entry_is_made_again(log, own_cache):
    build()
    begun(log)
    for path in own_cache.iterdir():
        if path.suffix != ".lock":
            path.write_bytes(path.read_bytes()[:-2])
    assert not any(file.before for file in build().values())
    assert len(begun(log)) == 4


def test_a_file_that_does_not_compile_takes_with_it_only_what_needs_it(log):
    files = build(toy(Lemmas=LEMMAS + "(* WRONG *)"), ["TheoremsToy", "Statements"])
    assert files["Lemmas"].message == (
        'File "Lemmas.v", line 3, characters 0-4:\nError: It is wrong.'
    )
    assert files["TheoremsToy"].message == "needs Lemmas.v"
    assert files["TheoremsToy"].lacks
    assert not files["Statements"].message
    assert "TheoremsToy" not in begun(log)


def test_a_file_that_takes_too_long_is_stopped(log, monkeypatch):
    build(wanted=["Definitions"])
    monkeypatch.setattr(proof_builds, "LIMIT", 0.3)
    files = build(toy(Lemmas=LEMMAS + "(* SLEEP 60 *)"), ["Lemmas"])
    assert "Lemmas.v: took more than" in files["Lemmas"].message
    assert "end Lemmas" not in log.read_text()


def test_files_are_compiled_at_once(log):
    together = toy(
        Lemmas=LEMMAS + "(* MEETS Statements *)", Statements=STATEMENTS + "(* MEETS Lemmas *)"
    )
    said = []
    files = build(together, jobs=2, told=lambda done, what: said.append((done, what)))
    assert not any(file.message for file in files.values())
    assert said[-1] == (4, "")
    assert [done for done, _ in said] == sorted(done for done, _ in said)


def test_a_place_that_cannot_be_written_does_no_harm(log, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not any(file.message for file in build().values())
    assert len(begun(log)) == 4


SLOW = changed("Definitions", "n + n.", "n + n. (* SLEEP 1 *)")


def _build_slow(ended):
    ended.put({name: file.before for name, file in build(SLOW).items()})


def test_of_two_processes_the_second_waits_and_finds_the_results(log):
    context = multiprocessing.get_context("fork")
    ended = context.Queue()
    both = [context.Process(target=_build_slow, args=(ended,)) for _ in range(2)]
    for process in both:
        process.start()
    found = [ended.get(timeout=60) for _ in both]
    for process in both:
        process.join()
    assert sorted(begun(log)) == sorted(found[0]), "each file was compiled by one of them"
    for name in found[0]:
        assert sorted(one[name] for one in found) == [False, True]


def test_a_killed_run_leaves_a_cache_that_works(log, own_cache):
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_build_slow, args=(context.Queue(),))
    process.start()
    ends = time.monotonic() + 60
    while "begin Definitions" not in log.read_text():
        assert time.monotonic() < ends
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert all(path.suffix == ".lock" for path in own_cache.iterdir())
    log.write_text("")
    assert not any(file.message or file.before for file in build(SLOW).values())


def test_an_interrupt_stops_the_compiler(log):
    slow = changed("Definitions", "n + n.", "n + n. (* SLEEP 30 *)")

    def interrupt():
        while "begin Definitions" not in log.read_text():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        build(slow)
    assert "end Definitions" not in log.read_text()


def test_the_error_is_cut_out_of_what_coq_prints():
    told = 'Debug: x\nFile "./A.v", line 2, characters 1-3:\nWarning: y\nError:\nIn z\n  no.\n'
    assert error_text(told) == 'File "A.v", line 2, characters 1-3:\nError:\nIn z\n  no.'
    assert error_text("Error: nothing else") == "Error: nothing else"
    assert error_text("") == ""
