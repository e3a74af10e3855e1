import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.expected import expected_failures, read_expected

KNOWN = ("loss.values", "loss.sign", "gradient.values")


def test_both_formats(tmp_path):
    toml, plain = tmp_path / "x.toml", tmp_path / "x.json"
    toml.write_text('"loss.values" = "known, issue 12"\n')
    plain.write_text('{"loss.values": "known, issue 12"}')
    assert read_expected(toml) == read_expected(plain) == {"loss.values": "known, issue 12"}


def test_a_table_for_each_target(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text('["mypkg.adapter"]\n"loss.values" = "known"\n')
    assert read_expected(file, "mypkg.adapter") == {"loss.values": "known"}
    assert read_expected(file, "other", ("mypkg.adapter", "other")) == {}


def test_a_table_for_a_target_that_is_not_judged_is_refused(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text('["mypkg.adaptor"]\n"loss.value" = "known"\n')
    with pytest.raises(InputError, match=r"'mypkg.adaptor', but must be a target of the run: a, b"):
        read_expected(file, "a", ("a", "b"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", "", r"must be a \.toml or \.json file"),
        ("x.toml", "loss.values = ", "must be valid"),
        ("x.json", "{", "must be valid"),
        ("x.json", "[]", "must map check ids to reasons"),
        ("x.json", '{"loss.values": 3}', "must have a reason, a text"),
        ("x.json", '{"loss.values": " "}', "must have a reason, a text"),
    ],
)
def test_files_that_are_refused(tmp_path, name, content, message):
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        read_expected(file)


def test_names_with_dots_need_quotes_in_toml(tmp_path):
    file = tmp_path / "x.toml"
    for content in ('loss.values = "known"\n', '[loss]\nvalues = "known"\n'):
        file.write_text(content)
        with pytest.raises(
            InputError, match=r'\'loss\', but.* needs quotes in TOML: "loss.values"'
        ):
            read_expected(file, "mypkg", ("mypkg",))


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    file = tmp_path / "x.json"
    file.write_text('{"loss.values": "a", "loss.sign": "b", "loss.values": "c"}')
    with pytest.raises(InputError, match=r"'loss\.values', but must occur once"):
        read_expected(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="must be readable"):
        read_expected(tmp_path / "x.toml")


def test_entries_are_joined_and_compared_with_the_checks():
    first, second = {"loss.values": "a"}, {"loss.values": "b", "loss.sign": "c"}
    assert expected_failures([first, second], KNOWN) == {"loss.values": "b", "loss.sign": "c"}
    with pytest.raises(InputError, match=r"'loss.value', but must be one of: loss.sign, loss.val"):
        expected_failures([{"loss.value": "typing error"}], KNOWN)
    with pytest.raises(InputError, match=r"one of: gradient.values, loss.sign, loss.values"):
        expected_failures([{"los": "typing error"}], KNOWN)
