"""Compiled proofs are kept whole or not at all."""

import os
import time

import pytest

from whichmin.verification.provers.proof_cache import Cache, Kept, cache_folder

KEPT = Kept(b"\x00{}\n\xffcontent", 1.5, "2026-11-30", {"Other": "ab"})


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "deep" / "down")


def test_what_is_kept_comes_back(cache):
    assert cache.take("key") is None
    assert cache.keep("key", KEPT)
    assert cache.take("key") == KEPT
    assert [path.name for path in cache.folder.iterdir()] == ["key"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: b"",
        lambda content: content.replace(b"content", b"CONTENT"),
        lambda content: content.partition(b"\n")[2],
        lambda content: content.replace(b"seconds", b"minutes"),
        lambda content: b"[1]\n" + content,
        lambda content: b"{}\n" + content,
    ],
)
def test_what_is_damaged_counts_as_nothing(cache, damage):
    cache.keep("key", KEPT)
    path = cache.folder / "key"
    path.write_bytes(damage(path.read_bytes()))
    assert cache.take("key") is None
    assert cache.keep("key", KEPT)
    assert cache.take("key") == KEPT


def test_a_place_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file")
    assert not cache.keep("key", KEPT)
    assert cache.take("key") is None
    assert cache.lock("key") is not None


def test_a_full_disk_leaves_nothing_half_written(cache, monkeypatch):
    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert not cache.keep("key", KEPT)
    assert list(cache.folder.iterdir()) == []


def test_of_two_only_one_has_the_lock(cache):
    with cache.lock("key"):
        assert cache.lock("key") is None
        with cache.lock("other"):
            pass
    with cache.lock("key"):
        pass


def test_what_nobody_has_used_for_long_is_removed(cache):
    cache.keep("old", KEPT)
    cache.keep("new", KEPT)
    long_ago = time.time() - 31 * 24 * 3600
    for name in ("old", "new"):
        os.utime(cache.folder / name, (long_ago, long_ago))
    assert cache.take("new") == KEPT  # which is a use
    assert Cache(cache.folder).take("old") is None
    assert Cache(cache.folder).take("new") == KEPT


def test_the_folder_is_that_of_the_user(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/there")
    assert str(cache_folder()) == "/there/whichmin/proofs"
    monkeypatch.setenv("HOME", "/home/me")
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert str(cache_folder()) == "/home/me/.cache/whichmin/proofs"
