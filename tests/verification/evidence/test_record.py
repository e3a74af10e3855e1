import json
from dataclasses import replace

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence import record
from whichmin.verification.evidence.check import SCHEMA, Evidence
from whichmin.verification.evidence.runner import verify_one
from whichmin.verification.evidence.source_files import Sources
from whichmin.verification.provers.coq import Coq
from whichmin.verification.topics import all_checks
from whichmin.words import EvidenceKind

NAME = "refuted.gd_limit"
LEMMA = "cyclic.leader_lemma"  # of a module that reaches few others
CHECKS = {c.id: c for c in all_checks()}


@pytest.fixture(scope="module")
def evidence():
    return verify_one(NAME)


def check():
    return CHECKS[NAME]


def test_evidence_goes_through_a_file_without_the_digits_of_this_machine(tmp_path, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [replace(evidence, worst=0.10227272727272738, seconds=4.891819876)])
    entry = record.read_record(path)[NAME]
    kept = Evidence.parse(entry["evidence"])
    assert kept == replace(evidence, worst=0.1, seconds=4.9)
    assert entry["digest"] == record.digest(check())
    assert entry["versions"]["numpy"]


def test_a_record_has_one_line_a_check(tmp_path, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [verify_one("walk.increments"), evidence])
    first, *lines, last = path.read_text().splitlines()
    assert first.startswith('{"schema": "whichmin.record/2", "versions": [{')
    assert last == "}}"
    names = [line.split('"')[1] for line in lines]
    between = names.index("checks")
    order = [c.id for c in all_checks() if c.id in {NAME, "walk.increments"}]
    assert names[between + 1 :] == order
    assert names[:between] == sorted(names[:between])
    assert {"whichmin.errors", "whichmin.verification.topics.sgd.walk"} < set(names[:between])


def test_the_record_that_comes_with_the_package_is_as_it_would_be_written_now(tmp_path):
    # A change of prose alone leaves digests of texts behind, which cost time and nothing else.
    path = tmp_path / "record.json"
    path.write_bytes(record.RECORD.read_bytes())
    record.write_record(path, [])
    before, after = record._read(record.RECORD), record._read(path)
    assert before.checks == after.checks
    assert {k: (v.code, v.reaches) for k, v in before.source.items()} == {
        k: (v.code, v.reaches) for k, v in after.source.items()
    }
    assert path.stat().st_size < 1_200 * len(before.checks), "about a kilobyte a check"


def test_other_evidence_on_file_is_kept(tmp_path, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [evidence])
    record.write_record(path, [verify_one("walk.increments")])
    record.write_record(path, [])
    assert set(record.read_record(path)) == {NAME, "walk.increments"}


def test_what_was_not_run_is_not_written(tmp_path, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [replace(evidence, lacking="z3", holds=False)])
    assert record.read_record(path) == {}


def test_what_failed_is_refused(tmp_path, evidence):
    path = tmp_path / "record.json"
    with pytest.raises(InputError, match=NAME):
        record.write_record(path, [replace(evidence, holds=False, message="broken")])
    assert not path.exists()


@pytest.mark.parametrize("change", ["statement", "bound", "id", "forms", "needs"])
def test_the_digest_knows_the_check(change):
    lemma = CHECKS[LEMMA]
    assert record.digest(replace(lemma, **{change: "other"})) != record.digest(lemma)


def held(name):
    """Evidence of a check, as it would be if it had run."""
    c = CHECKS[name]
    return Evidence(c.id, c.statement, c.kind, c.bound, True, 1, 0.5, "", 0.0, 0)


def put_on_file(path, name, sources):
    record.write_record(path, [held(name)], sources)
    assert set(record.standing(path, sources).held) == {name}


TRACE = "sharpness.spectrum"
ENGINES = "engines.compiled"
BROKEN = [
    # A module that shares abbreviations and lemmas with the one that measures.
    ("smt.gd_descent", "whichmin.verification.topics.descent.steps"),
    ("smt.gd_descent", "whichmin.verification.provers.smt"),
    ("smt.gd_descent", "whichmin.verification.evidence.formula"),
    # The closed form, and what it is derived from.
    (TRACE, "whichmin.symbolic.hessian.trace"),
    (TRACE, "whichmin.symbolic.landscape.neuron"),
    (TRACE, "whichmin.symbolic.derivation"),
    # An engine, and helpers that it imports inside functions.
    (ENGINES, "whichmin.core.engines.reduced"),
    (ENGINES, "whichmin.core.engines.kernels.cpu"),
    (ENGINES, "whichmin.core.engines.kernels.sampling"),
    # What decides whether a margin holds.
    (ENGINES, "whichmin.verification.evidence.check"),
    (ENGINES, "whichmin.verification.evidence.runner"),
    (ENGINES, "whichmin.verification.evidence.subject"),
]


@pytest.fixture(scope="module")
def several(tmp_path_factory, lasting_scratch):
    path = tmp_path_factory.mktemp("record") / "record.json"
    names = [LEMMA, *(name for name, _ in BROKEN)]
    record.write_record(path, [held(name) for name in names], lasting_scratch)
    return path


def changed_by(path, sources, module, change):
    """What a record holds and misses while the text of a module is changed."""
    file = sources.files[module]
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    try:
        return record.standing(path, sources)
    finally:
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("name", "module"), BROKEN)
def test_a_corrupted_module_is_seen_and_named(several, lasting_scratch, name, module):
    broken = changed_by(several, lasting_scratch, module, lambda text: f"{text}\nx = 1\n")
    assert name not in broken.held
    assert broken.changed[name] == (module,)
    remark = changed_by(several, lasting_scratch, module, lambda text: f"{text}\n# a remark\n")
    assert remark.changed == {}


def test_what_does_not_depend_on_a_module_stands(several, lasting_scratch):
    module = "whichmin.core.engines.reduced"
    broken = changed_by(several, lasting_scratch, module, lambda text: f"{text}\nx = 1\n")
    assert set(broken.held) == {LEMMA}


def test_a_constant_in_a_lemma_is_code(several, lasting_scratch):
    module = "whichmin.verification.topics.descent.steps"
    broken = changed_by(
        several, lasting_scratch, module, lambda text: text.replace("2 - 2*C - R", "2 - 3*C - R")
    )
    assert broken.changed == {"smt.gd_descent": (module,)}


def test_a_docstring_elsewhere_changes_nothing(tmp_path, scratch):
    path = tmp_path / "record.json"
    put_on_file(path, ENGINES, scratch)
    for module in scratch.modules("whichmin.core"):
        text = scratch.files[module].read_text(encoding="utf-8")
        start = text.index('"""')
        end = text.index('"""', start + 3)
        scratch.files[module].write_text(f'{text[:start]}"""Other prose.{text[end:]}', "utf-8")
    assert set(record.standing(path, scratch).held) == {ENGINES}


def test_a_data_file_is_seen_and_named(tmp_path, scratch):
    module = scratch.files["whichmin.core.engines.reduced"]
    module.write_text(module.read_text("utf-8") + "\n_TABLE = 'table.toml'\n", "utf-8")
    table = module.with_name("table.toml")
    table.write_text("a = 1\n", "utf-8")
    sources = Sources(scratch._folders)
    path = tmp_path / "record.json"
    put_on_file(path, ENGINES, sources)
    table.write_text("a = 2\n", "utf-8")
    assert record.standing(path, sources).changed == {
        ENGINES: ("whichmin.core.engines/table.toml",)
    }
    table.unlink()
    assert record.standing(path, sources).changed == {
        ENGINES: ("whichmin.core.engines/table.toml",)
    }


def test_a_new_derivation_is_seen_by_who_takes_all(tmp_path, scratch):
    path = tmp_path / "record.json"
    record.write_record(path, [held("derivations.chains"), held(ENGINES)], scratch)
    scratch.files["whichmin.symbolic.cyclic"].with_name("new.py").write_text("x = 1\n", "utf-8")
    standing = record.standing(path, Sources(scratch._folders))
    assert standing.changed == {"derivations.chains": ("whichmin.symbolic.*",)}
    assert set(standing.held) == {ENGINES}


def test_another_statement_is_seen(tmp_path, monkeypatch, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [evidence])
    other = replace(check(), statement="Something else holds.")
    monkeypatch.setattr(record, "all_checks", lambda: (other,))
    assert record.standing(path).changed == {NAME: ("its statement",)}


def test_evidence_of_old_code_stays_old_when_other_evidence_is_written(tmp_path, scratch):
    path = tmp_path / "record.json"
    put_on_file(path, ENGINES, scratch)
    module = "whichmin.core.engines.reduced"
    text = scratch.files[module].read_text("utf-8")
    scratch.files[module].write_text(text + "\nx = 1\n", "utf-8")
    record.write_record(path, [held("smt.walk")], scratch)
    standing = record.standing(path, scratch)
    assert set(standing.held) == {"smt.walk"}
    assert standing.changed == {ENGINES: (module,)}
    record.write_record(path, [held(ENGINES)], scratch)
    assert set(record.standing(path, scratch).held) == {"smt.walk", ENGINES}


def test_a_file_merged_from_two_records_counts_for_nothing(tmp_path, scratch):
    path = tmp_path / "record.json"
    put_on_file(path, ENGINES, scratch)
    old = json.loads(path.read_text("utf-8"))
    module = scratch.files["whichmin.core.engines.reduced"]
    module.write_text(module.read_text("utf-8") + "\nx = 1\n", "utf-8")
    put_on_file(path, "smt.walk", scratch)
    record.write_record(path, [held(ENGINES)], scratch)
    new = json.loads(path.read_text("utf-8"))
    new["checks"][ENGINES]["digest"] = old["checks"][ENGINES]["digest"]
    path.write_text(json.dumps(new), "utf-8")
    assert ENGINES not in record.standing(path, scratch).held


@pytest.fixture
def on_file(tmp_path, monkeypatch, evidence):
    """A record with one check in place of the one that comes with the package, to be changed."""
    path = tmp_path / "record.json"
    record.write_record(path, [evidence])
    monkeypatch.setattr(record, "RECORD", path)

    def change(do):
        content = json.loads(path.read_text())
        do(content)
        path.write_text(json.dumps(content))
        record._on_file.cache_clear()

    change(lambda content: None)
    yield change
    monkeypatch.undo()
    record._on_file.cache_clear()


def test_evidence_of_other_code_counts_as_not_run(on_file):
    assert set(record.on_file()) == {NAME}
    assert record.not_run(NAME) == ""
    assert record.stale() == tuple(name for name in CHECKS if name != NAME)
    on_file(lambda content: content["checks"][NAME].update(digest="0" * 16))
    assert record.on_file() == {}
    assert record.not_run(NAME) == "not run for this code: its statement changed"
    assert NAME in record.stale()
    on_file(lambda content: content["source"]["whichmin.errors"].__setitem__(slice(2), ["0", "0"]))
    assert record.not_run(NAME) == "not run for this code: whichmin.errors changed"


def test_no_record_is_no_evidence(on_file):
    record.RECORD.unlink()
    record._on_file.cache_clear()
    assert record.on_file() == {}
    assert record.not_run(NAME) == ""
    assert record.run_with([NAME]) == ""
    assert record.seconds_on_file() == {}


def test_many_changes_are_counted(on_file):
    def change(content):
        for row in content["source"].values():
            row[:2] = "0", "0"

    on_file(change)
    count = len(record._on_file().changed[NAME])
    assert count > 4
    assert record.not_run(NAME).endswith(f" and {count - 3} more changed")


def test_other_versions_of_libraries_are_a_note(on_file, monkeypatch):
    assert record.run_with([NAME]) == ""
    on_file(lambda content: content["versions"][0].update(sympy="1.5", torch="1.2"))
    here = record._installed
    told = f"run with sympy 1.5, torch 1.2; you have sympy {here('sympy')}, torch {here('torch')}"
    assert record.run_with([NAME]) == told
    assert set(record.on_file()) == {NAME}


def test_a_solver_is_noted_where_it_is_needed(on_file, monkeypatch):
    monkeypatch.setattr(record, "_needs", lambda: {NAME: ("z3",)})
    monkeypatch.setattr(record, "_LIBRARIES", ())
    on_file(lambda content: content["versions"][0].update({"z3-solver": "4.0"}))
    monkeypatch.setattr(record, "_installed", lambda name: "")
    assert record.run_with([NAME]) == "run with z3-solver 4.0; you have no z3-solver"
    monkeypatch.setattr(record, "_needs", lambda: {NAME: ()})
    assert record.run_with([NAME]) == ""


THEOREM = next(name for name in CHECKS if name.startswith("kernel."))


def test_versions_of_coq_stand_with_what_it_has_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "find_coq", lambda: Coq("coqc", "8.99", "3.0", ""))
    path = tmp_path / "record.json"
    record.write_record(path, [held(THEOREM), held(LEMMA)])
    entries = record.read_record(path)
    theorem, lemma = entries[THEOREM]["versions"], entries[LEMMA]["versions"]
    assert theorem == {**lemma, "Coq": "8.99", "MathComp": "3.0"}
    monkeypatch.setattr(record, "find_coq", lambda: None)
    record.write_record(path, [])
    assert record.read_record(path) == entries, "written again without Coq, they stay"
    assert record.standing(path).held[THEOREM].kind is EvidenceKind.KERNEL
    monkeypatch.setattr(record, "RECORD", path)
    record._on_file.cache_clear()
    assert record.run_with([THEOREM]) == ""
    monkeypatch.undo()
    record._on_file.cache_clear()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "other"}'])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(InputError, match="must be a file of evidence"):
        record.read_record(path)
    with pytest.raises(InputError, match="must be a file of evidence"):
        record.write_record(path, [])


def test_evidence_of_another_schema_is_refused(evidence):
    with pytest.raises(InputError, match=SCHEMA):
        Evidence.parse({**evidence.record(), "schema": "whichmin.evidence/1"})
