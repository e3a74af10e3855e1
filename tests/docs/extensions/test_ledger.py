"""Pages of the ledger and of the checks: every claim and check is there once, with its links."""

import ledger
import pytest
from docutils import nodes

from whichmin.ledger import entries
from whichmin.verification.topics import all_checks, all_claims


def test_every_claim_has_a_topic_and_a_title():
    found = ledger.topics()
    assert [e.claim.id for group in found.values() for e in group] == [c.id for c in all_claims()]
    assert set(found) <= set(ledger._titles())


def test_every_check_has_a_topic():
    found = [c.id for group in ledger.checks_by_topic().values() for c in group]
    assert sorted(found) == sorted(c.id for c in all_checks())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.claim.id)
def test_a_claim_shows_all_that_is_known_of_it(entry):
    claim = entry.claim
    text = "\n".join(part.astext() for part in ledger._body(entry))
    for name in (*claim.checks, *claim.formulas, *claim.corrected):
        assert name in text
    assert "Source: " in text
    for label, there in {
        "Hypotheses: ": claim.hypotheses, "Argument: ": claim.argument,
        "Counterexample: ": claim.counterexample, "Remark: ": claim.remark,
    }.items():  # fmt: skip
        assert (label in text) is bool(there)
    if claim.counterexample is not None:
        assert claim.counterexample.code.strip() in text
        assert claim.counterexample.prints.strip() in text


def test_links_lead_to_the_page_of_the_topic():
    link = ledger._link("claim", "gd.limit")
    assert (link["page"], link["anchor"]) == ("ledger/descent", "claim-gd-limit")
    assert ledger._link("check", "engines.trajectories")["page"] == "checks"
    with pytest.raises(ValueError, match=r"no claim is called 'gd\.nothing'"):
        ledger._link("claim", "gd.nothing")


def test_ids_in_a_sentence_are_links():
    parts = ledger._said("As in gd.limit, of which gd.limits says nothing; see engines.kinks.")
    links = [p for p in parts if isinstance(p, ledger._Link)]
    assert [link.astext() for link in links] == ["gd.limit", "engines.kinks"]
    whole = nodes.paragraph("", "", *parts).astext()
    assert whole == "As in gd.limit, of which gd.limits says nothing; see engines.kinks."


def test_pages_are_written_and_old_ones_removed(tmp_path):
    class App:
        srcdir = str(tmp_path)

    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/gone.md").write_text("old")
    ledger._write_pages(App)
    assert {p.stem for p in (tmp_path / "ledger").iterdir()} == set(ledger.topics())
    kept = tmp_path / "ledger/noise.md"
    assert "```{claims} noise" in kept.read_text()
    before = kept.stat().st_mtime_ns
    ledger._write_pages(App)
    assert kept.stat().st_mtime_ns == before
