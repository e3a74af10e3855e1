import json
from dataclasses import replace

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence import record
from whichmin.verification.evidence.check import SCHEMA, Evidence
from whichmin.verification.evidence.runner import verify_one
from whichmin.verification.topics import all_checks

NAME = "refuted.gd_limit"


@pytest.fixture(scope="module")
def evidence():
    return verify_one(NAME)


def check():
    return next(c for c in all_checks() if c.id == NAME)


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
    assert first == '{"schema": "whichmin.record/1", "checks": {'
    assert last == "}}"
    order = [c.id for c in all_checks() if c.id in {NAME, "walk.increments"}]
    assert [line.split('"')[1] for line in lines] == order


def test_the_record_that_comes_with_the_package_is_as_it_is_written():
    entries = record.read_record(record.RECORD)
    assert len(record.RECORD.read_text(encoding="utf-8").splitlines()) == len(entries) + 2


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


@pytest.mark.parametrize("change", ["statement", "bound", "id"])
def test_the_digest_knows_the_check(change):
    assert record.digest(replace(check(), **{change: "other"})) != record.digest(check())


def test_evidence_of_other_code_counts_as_not_run(tmp_path, monkeypatch, evidence):
    path = tmp_path / "record.json"
    record.write_record(path, [evidence])
    monkeypatch.setattr(record, "RECORD", path)
    record.on_file.cache_clear()
    try:
        assert set(record.on_file()) == {NAME}
        content = json.loads(path.read_text())
        content["checks"][NAME]["digest"] = "0" * 16
        path.write_text(json.dumps(content))
        record.on_file.cache_clear()
        assert record.on_file() == {}
        assert NAME in record.stale()
        path.unlink()
        record.on_file.cache_clear()
        assert record.on_file() == {}
    finally:
        monkeypatch.undo()
        record.on_file.cache_clear()


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
