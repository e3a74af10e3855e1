import pytest

from whichmin.verification.evidence.source_files import Sources, code_digest, digest_of

PLAIN = '''"""Say one thing."""
import math


def f(x: float) -> float:
    """Compute."""
    return math.exp(x) + 1
'''


def code(text):
    return code_digest(text.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Say one thing", "Say another"),
        ('"""Compute."""', '"""Compute.\n\n    At length.\n    """'),
        ("    return", "    # why\n    return"),
        ("import math\n\n", "import math  # the library\n\n\n"),
        ("math.exp(x) + 1", "(\n        math.exp(x)\n        + 1\n    )"),
        ('    """Compute."""\n', ""),
    ],
)
def test_prose_and_layout_are_not_code(old, new):
    assert code(PLAIN.replace(old, new, 1)) == code(PLAIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ 1", "- 1"),
        ("+ 1", "+ 1.0"),
        ("+ 1", "+ True"),
        ("exp", "expm1"),
        ("x: float", "x: int"),
        ("x: float", "x: float = 0"),
        ("import math", "import cmath as math"),
        ("    return", "    x = -x\n    return"),
        ("+ 1", "+ 1 +"),
    ],
)
def test_everything_else_is(old, new):
    assert code(PLAIN.replace(old, new, 1)) != code(PLAIN)


def test_a_text_that_is_used_is_code():
    assert code("x = 'a'") != code("x = 'b'")
    assert code("f('a')") != code("f('b')")
    assert code("'a'") == code("'b'")


def test_the_digest_of_code_is_that_of_every_version_of_python():
    assert code(PLAIN) == "c96f670e78697209"


def test_data_count_as_they_stand_and_newlines_do_not(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "table.toml").write_bytes(b"a = 1\r\n")
    (tmp_path / "sub" / "__init__.py").write_bytes(b"")
    (tmp_path / "sub" / "one.py").write_bytes(b"x = 1\r\n")
    sources = Sources({"whichmin": tmp_path})
    assert set(sources.files) == {"whichmin.sub", "whichmin.sub.one", "whichmin.sub/table.toml"}
    assert sources.modules("whichmin.sub") == ("whichmin.sub", "whichmin.sub.one")
    assert sources.read("whichmin.sub.*") == b"whichmin.sub\nwhichmin.sub.one"
    assert sources.code("whichmin.sub/table.toml") == digest_of(b"a = 1\n")
    assert sources.code("whichmin.sub.one") == code("x = 1")
    assert sources.code("whichmin.sub.two") == ""


def test_frozen_files_stay_as_they_were(tmp_path):
    file = tmp_path / "one.py"
    file.write_text("x = 1\n")
    sources = Sources({"whichmin": tmp_path})
    frozen = sources.frozen()
    file.write_text("x = 2\n")
    assert sources.code("whichmin.one") == code("x = 2")
    assert frozen.code("whichmin.one") == code("x = 1")
    assert frozen.read("whichmin.*") == b"whichmin.one"


def test_the_installed_files_are_those_that_are_imported():
    import whichmin.core.engines.dense
    import whichmin.errors

    files = Sources().files
    for module in (whichmin, whichmin.errors, whichmin.core.engines.dense):
        assert files[module.__name__].samefile(module.__file__)
