"""A mistake in ``claims.toml`` is refused with its file and its entry."""

import sys

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence.claim_file import read_claims
from whichmin.words import Verdict

T = "title = 'T'"
CLAIM = """
[[claim]]
id = "walk.stays"
verdict = "PROVED"
statement = \"\"\"
It stays
where it is.
\"\"\"
source = ["ghosh2025, Theorem 1", "whichmin"]
"""
EXAMPLE = "[claim.counterexample]\ntext = 'x'\n"
RUN = """
from whichmin.verification.evidence.claim import counterexample

@counterexample("drawn.moves")
def moves():
    print("  x  y")
"""


@pytest.fixture
def topic(tmp_path, monkeypatch):
    """Write a topic's files and return the name of its package."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text, runs=""):
        folder = tmp_path / "drawn"
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "claims.toml").write_text(text)
        (folder / "counterexamples.py").write_text(runs)
        return "drawn"

    yield write
    for name in ("drawn", "drawn.counterexamples"):
        sys.modules.pop(name, None)


def test_a_claim_is_read(topic):
    file = read_claims(topic(
        'title = "The walk"' + CLAIM + 'argument = ["First\\nthis.", """\n  Then  that.\n"""]\n'
    ))  # fmt: skip
    assert (file.topic, file.title) == ("drawn", "The walk")
    (claim,) = file.claims
    assert claim.topic == "drawn"
    assert claim.verdict is Verdict.PROVED
    assert claim.statement == "It stays where it is."
    assert claim.source == ("ghosh2025, Theorem 1", "whichmin")
    assert [step.says for step in claim.argument] == ["First this.", "Then that."]
    assert claim.evidence == ()
    assert claim.counterexample is None


FORMAL = """
[claim.for]
x = "fractions(0, 1)"
[claim.given]
"x is small" = "x <= 1/2"
[claim.then]
"so is x^2" = "x**2 <= 1/4"
"""


def test_a_formal_statement_is_read(topic):
    step = "[[claim.step]]\nsays = 'So.'\nuses = ['walk.gain']\n"
    needed = "[claim.needed]\n'x is small' = { x = '1' }\n"
    (claim,) = read_claims(
        topic(T + CLAIM + "hypotheses = ['x real']" + FORMAL + needed + step)
    ).claims
    assert claim.formal.text == "for all x in fractions(0, 1): x <= 1/2 imply x**2 <= 1/4"
    assert claim.formal.needed == (("x is small", (("x", "1"),)),)
    assert claim.hypotheses == ("x real", "x is small")
    assert claim.argument[0].uses == ("walk.gain",)
    assert claim.attack == "attack.walk.stays"


def test_a_counterexample_is_the_function_of_the_same_id(topic):
    text = 'title = "T"' + CLAIM.replace("walk.stays", "drawn.moves")
    text += "[claim.counterexample]\ntext = '''Look\nhere.'''\nprints = '''\n  x  y'''\n"
    (claim,) = read_claims(topic(text, RUN)).claims
    assert claim.counterexample.text == "Look here."
    assert claim.counterexample.prints == "  x  y"
    assert claim.counterexample.code == 'print("  x  y")\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "must be a file of TOML: "),
        ("title = 'T'", "claims.toml: fields = ['title'], but must include claim"),
        ("title = 'T'\nclaim = 3", "claims.toml: claim = 3, but must be written in double"),
        ("title = 'T'\nclaim = [3]", "a claim without id = 3, but must be a table"),
        (CLAIM, "must include title"),
        (T + CLAIM + CLAIM, "'walk.stays', but must be the id of one claim only"),
        (T + CLAIM + "remarks = 'x'", "walk.stays: field = 'remarks', but must be one of"),
        (T + CLAIM + "remark = 3", "walk.stays: remark = 3, but must be a text"),
        (T + CLAIM + "support = 'x'", "walk.stays: support = 'x', but must be a list of texts"),
        (T + CLAIM + "support = [1]", "walk.stays: support = [1], but must be a text"),
        (T + CLAIM.replace('id = "walk.stays"', ""), "without id: fields = "),
        (T + CLAIM.replace("PROVED", "SURE"), "walk.stays: verdict = 'SURE', but must be"),
        (T + CLAIM.replace("ghosh2025", "ghosh2024"), "walk.stays: source = ['ghosh2024"),
        (T + CLAIM.replace('verdict = "PROVED"', ""), "must include verdict"),
        (T + CLAIM + FORMAL.split("[claim.then]")[0], "must include then"),
        (T + CLAIM + FORMAL + "[claim.needed]\n'y' = { x = '1' }", "needed = 'y', but must be the"),
        (T + CLAIM + "[claim.for]\nx = 1", "walk.stays: for = {'x': 1}, but must be a text"),
        (T + CLAIM + "[[claim.step]]\nsays = 'So.'", "step 1: fields = ['says'], but must include"),
        (T + CLAIM + EXAMPLE, "walk.stays: counterexample: fields = ['text'], but must include"),
        (T + CLAIM + EXAMPLE + "prints = 'y'", "counterexample = 'walk.stays', but must be marked"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_where_they_are(topic, text, message):
    with pytest.raises(InputError) as caught:
        read_claims(topic(text))
    assert message in str(caught.value)
    assert "claims.toml" in str(caught.value)
