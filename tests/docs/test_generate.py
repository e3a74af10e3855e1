"""The generated parts of README.md are current, and a stale one is noticed."""

import generate
import pytest


def test_generated_parts_are_current():
    assert generate.outdated(write=False) == []


def test_a_stale_part_is_noticed(monkeypatch):
    monkeypatch.setitem(generate.PARTS, "ledger", lambda: "something else")
    assert generate.outdated(write=False) == ["README.md"]


def test_a_stale_picture_is_noticed_and_drawn(monkeypatch, tmp_path):
    old = tmp_path / "picture.svg"
    old.write_text(generate.PICTURE.read_text().replace("Full batch", "Half batch"))
    monkeypatch.setattr(generate, "PICTURE", old)
    monkeypatch.setattr(generate, "PARTS", {})
    assert generate.outdated(write=True) == ["docs/picture.svg"]
    assert generate.outdated(write=False) == []


def test_a_place_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no place for 'ledger'"):
        generate.filled("a page", "ledger", "content")


def test_a_part_is_replaced_where_it_stands():
    text = "head\n<!-- begin x: more -->\n\nold\n\n<!-- end x -->\ntail"
    fresh = text.replace("old", "new")
    assert generate.filled(text, "x: more", "new") == fresh
