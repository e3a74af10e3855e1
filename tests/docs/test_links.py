"""The checker of the built site's links."""

import links
import pytest

GOOD = '<h1 id="start">x</h1><a href="#start">a</a><a href="b/c.html#there">b</a><img src="d.svg">'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.html").write_text(GOOD)
    (tmp_path / "b/c.html").write_text('<p id="there"><a href="../a.html?x=1#start">up</a>')
    (tmp_path / "d.svg").write_text("<svg/>")
    return tmp_path


def test_a_sound_site(site):
    assert links.check_site(site) == ([], [])


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="gone.html">', "gone.html leads nowhere"),
        ('<a href="b">', "b leads nowhere"),
        ('<img src="gone.svg">', "gone.svg leads nowhere"),
        ('<a href="#gone">', "#gone has no such place"),
        ('<a href="b/c.html#gone">', "c.html#gone has no such place"),
        ('<a href="http://example.org/">', "no proper address"),
        ('<a href="https://example/ x">', "no proper address"),
        ('<a href="javascript:alert(1)">', "no proper address"),
    ],
)
def test_a_broken_link_is_noticed(site, html, fault):
    (site / "a.html").write_text(GOOD + html)
    (found,) = links.check_site(site)[0]
    assert fault in found


def test_links_that_leave_the_site_are_listed(site):
    (site / "a.html").write_text(GOOD + '<a href="https://jmlr.org/papers/v26/">')
    assert links.check_site(site) == ([], ["https://jmlr.org/papers/v26/"])


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no HTML"):
        links.check_site(tmp_path)


@pytest.mark.parametrize(("extra", "code"), [("", 0), ('<a href="#gone">', 1)])
def test_exit_codes(site, monkeypatch, capsys, extra, code):
    (site / "a.html").write_text(GOOD + extra)
    monkeypatch.setattr("sys.argv", ["links.py", str(site)])
    assert links.main() == code
    assert ("1 faults" in capsys.readouterr().out) is bool(code)
