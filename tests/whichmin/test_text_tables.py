"""Tables of numbers in text, as programs of all kinds write them."""

import numpy as np
import pytest

from whichmin.files import read_array
from whichmin.text_tables import read_table

ROWS = [[1.5, -2.0, 3e-7], [0.25, 4.0, 6.0]]
CASES = {
    "commas": ("1.5,-2,3e-7\n.25,4,6\n", ""),
    "semicolons": ("1.5;-2;3e-7\n.25;4;6\n", "separated by semicolons"),
    "tabs": ("1.5\t-2\t3e-7\n.25\t4\t6\n", "separated by tabs"),
    "spaces": (" 1.5 -2   3e-7\n.25 4 6\n", "separated by spaces"),
    "decimal commas": ("1,5;-2;3e-7\n,25;4;6,0\n", "separated by semicolons, decimal commas"),
    "decimal commas and tabs": ("1,5\t-2\t3e-7\n,25\t4\t6,0", "separated by tabs, decimal commas"),
    "names": ("a;b;c\n1.5;-2;3e-7\n.25;4;6\n", "separated by semicolons"),
    "Windows": ("a;b;c\r\n1.5;-2;3e-7\r\n.25;4;6\r\n", "separated by semicolons"),
    "quoted": ('"a";"b";"c"\n"1.5";"-2";"3e-7"\n".25";"4";"6"\n', "separated by semicolons"),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("case", CASES)
def test_read(tmp_path, case, encoding):
    text, layout = CASES[case]
    file = tmp_path / "data.csv"
    file.write_bytes(text.encode(encoding))
    array, note = read_array(file)
    assert array.tolist() == ROWS
    assert array.dtype == np.float64
    assert note == layout


def test_names_in_latin_1(tmp_path):
    file = tmp_path / "data.csv"
    file.write_bytes("größe,b\n1,2\n".encode("latin-1"))
    assert read_table(file).numbers.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n\n1;2\n3;x\n", "line 4, field 2: 'x' is no number"),
        ("a;b\n1;2\n3;\n", "line 3, field 2: it is empty"),
        ("1\t2\n3\n4\t5\n", "line 2, field 1|line 2 has 1 fields, line 1 has 2"),
        ("1.5;2.5\n1.234,5;1\n1;2,5\n", "line 2, field 1: '1.234,5' is no number"),
        ("1;2\n1,2,3;4\n5;6,5\n", "line 2, field 1: '1,2,3' is no number"),
        ("1,2\n1_000,3\n", "line 2, field 1: '1_000' is no number"),
        (",a,b\n0,1,2\n1,3,4\n", "the first column numbers the rows"),
        (",0,1\n0,1,2\n1,3,4\n", "the first line numbers the columns"),
        ('a,b\n"1,5","0"\n', "line 2, field 1: '1,5' is no number; write decimal points"),
        ('"a","b"\n"1","x, y"\n', "line 2, field 2: 'x, y' is no number; leave out column 2"),
        ("a,b\n1,x\n2,3\n", "line 2, field 2: 'x' is no number$"),
        ("0;1;2\n.1;.2;.3\n", "the first line numbers the columns"),
    ],
)
def test_refused_with_the_place(tmp_path, text, message):
    file = tmp_path / "data.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_table(file)


def test_a_long_field_is_shortened(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text(f"1,2\n3,{'x' * 1000}\n")
    with pytest.raises(ValueError, match=r"field 2: 'x{37}\.\.\.' is no number"):
        read_table(file)
