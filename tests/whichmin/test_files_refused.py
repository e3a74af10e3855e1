"""Files that must be refused, each with a message that helps; good ones are in test_files.py."""

import gc
import pickle

import numpy as np
import pytest
import torch
from numpy.lib import format as npy

from whichmin.errors import InputError
from whichmin.files import load_array

NUMBERS = np.arange(400.0).reshape(20, 20)


class Payload:
    """Creates a file when unpickled: proof that something ran."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return (open, (self.trace, "w"))


def text(content):
    return lambda file: file.write_bytes(content.encode())


def raw(content):
    return lambda file: file.write_bytes(content)


def saved(array, keep=None):
    """An array, cut after ``keep`` bytes (negative: that many are missing)."""

    def build(file):
        if file.suffix == ".pt":
            torch.save(array, file)
        else:
            (np.savez if file.suffix == ".npz" else np.save)(file, array)
        if keep is not None:
            file.write_bytes(file.read_bytes()[:keep])

    return build


def old_pt(keep):
    def build(file):
        torch.save(torch.eye(3, 5), file, _use_new_zipfile_serialization=False)
        file.write_bytes(file.read_bytes()[:keep])

    return build


def header(content):
    """A .npy file with a header of our own making and a few numbers."""
    line = content.encode().ljust(117) + b"\n"
    magic = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little")
    return raw(magic + line + bytes(120))


def huge(file):
    with file.open("wb") as stream:
        fields = {"descr": "<f8", "fortran_order": False, "shape": (10**7, 10**8)}
        npy.write_array_header_1_0(stream, fields)
        stream.write(bytes(100))


def spoiled(file):
    np.savez_compressed(file, a=NUMBERS)
    content = bytearray(file.read_bytes())
    begin = content.index(b"a.npy") + 30
    content[begin : begin + 40] = b"\xff" * 40
    file.write_bytes(content)


NUMBERS_ONLY = "must be a valid {} file of numbers without pickled objects"
CASES = {
    "missing": ("x.npy", lambda file: None, "there is no such file"),
    "folder": ("x.npy", lambda file: file.mkdir(), "must be a file"),
    "long name": ("x" * 300 + ".npy", lambda file: None, ""),
    "suffix": ("x.dat", text("1,2\n"), "must end in one of: .npy, .npz, .pt, .csv, .tsv, .txt"),
    "no suffix": ("data", text("1,2\n"), "must end in one of: .npy, .npz, .pt, .csv"),
    "empty npy": ("x.npy", raw(b""), "(it is empty)"),
    "empty npz": ("x.npz", raw(b""), NUMBERS_ONLY),
    "empty csv": ("x.csv", raw(b""), "no rows of numbers"),
    "empty pt": ("x.pt", raw(b""), NUMBERS_ONLY),
    "cut npy": ("x.npy", saved(NUMBERS, -8), NUMBERS_ONLY),
    "cut npy header": ("x.npy", saved(NUMBERS, 20), NUMBERS_ONLY),
    "cut npz": ("x.npz", saved(NUMBERS, -30), NUMBERS_ONLY),
    "half npz": ("x.npz", saved(NUMBERS, 1000), NUMBERS_ONLY),
    "cut pt": ("x.pt", saved(torch.eye(3), -30), NUMBERS_ONLY),
    "half pt": ("x.pt", saved(torch.eye(3), 400), NUMBERS_ONLY),
    "cut old pt": ("x.pt", old_pt(300), NUMBERS_ONLY),
    "cut older pt": ("x.pt", old_pt(3), NUMBERS_ONLY),
    "noise npy": ("x.npy", raw(b"\x00\x01\x02" * 50), NUMBERS_ONLY),
    "noise npz": ("x.npz", raw(b"PK\x03\x04" + b"\xee" * 50), NUMBERS_ONLY),
    "text npy": ("x.npy", text("hello"), "it is text; for a table of numbers let its name end"),
    "text pt": ("x.pt", text("hello"), "it is text; for a table of"),
    "noise pt": ("x.pt", raw(b"\xff" * 50), NUMBERS_ONLY),
    "spoiled npz": ("x.npz", spoiled, NUMBERS_ONLY),
    "bad npy header": ("x.npy", header("{'descr': '<f8', 'shape': ((3, 5), "), NUMBERS_ONLY),
    "npy header is code": ("x.npy", header("__import__('os').getcwd()"), NUMBERS_ONLY),
    "petabytes": ("x.npy", huge, ""),
    "object npy": (
        "x.npy",
        saved(np.array([{}], dtype=object)),
        "it holds Python objects, which",
    ),
    "object npz": (
        "x.npz",
        saved(np.array([{}], dtype=object)),
        "it holds Python objects, which",
    ),
    "npz without arrays": ("x.npz", lambda file: np.savez(file), "holds none"),
    "pt list": ("x.pt", saved([torch.eye(2)]), "holds a list, not a tensor"),
    "pt dictionary without tensors": ("x.pt", saved({"step": 7}), "holds none"),
    "csv header only": ("x.csv", text("a,b\n"), "no rows of numbers"),
    "csv bad field first": ("x.csv", text("1,x\n3,4\n"), "(line 1, field 2: 'x' is no number)"),
    "csv bad field later": (
        "x.csv",
        text("a,b\n1,2\n3,4\n5,y\n"),
        "(line 4, field 2: 'y' is no number)",
    ),
    "csv two headers": ("x.csv", text("a,b\nc,d\n1,2\n"), "(line 2, field 1: 'c' is no number)"),
    "csv missing field": ("x.csv", text("1,2\n3,\n"), "(line 2, field 2: it is empty)"),
    "csv ragged": ("x.csv", text("1,2\n3\n"), "line 2 has 1 fields, line 1 has 2"),
    "csv of the rows' numbers": ("x.csv", text(",a\n0,.5\n1,.25\n"), "numbers the rows; write"),
    "csv binary": ("x.csv", raw(b"1,2\0\n"), "it is not text"),
    "pickle npy": ("x.npy", raw(pickle.dumps(NUMBERS)), "it is a pickle, which is never loaded"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(tmp_path, case):
    name, build, message = CASES[case]
    file = tmp_path / name
    if len(name) < 255:
        build(file)
    with pytest.raises(InputError) as caught:
        load_array(file)
    error = caught.value
    assert error.argument == "FILE"
    assert error.value in {repr(str(file)), repr(str(file))[:117] + "..."}
    assert message.format(file.suffix) in error.allowed
    assert "\n" not in str(error)
    assert "unsafely" not in str(error)
    assert not error.allowed.partition("(")[2].rstrip(")").isdecimal()
    del caught, error
    gc.collect()  # a file left open fails the test here: warnings are errors


@pytest.mark.parametrize(
    ("name", "content", "key", "message"),
    [
        ("x.npy", np.eye(2), "a", "{} holds a single array without a name"),
        ("x.pt", torch.eye(2), "a", "{} holds a single array without a name"),
        ("x.npz", np.eye(2), "points", "must be one of: arr_0"),
        ("x.pt", {"w": torch.eye(2), "step": 3}, "step", "must be one of: w"),
    ],
)
def test_wrong_key(tmp_path, name, content, key, message):
    saved(content)(tmp_path / name)
    with pytest.raises(InputError) as caught:
        load_array(tmp_path / name, key)
    assert str(caught.value) == f"key = {key!r}, but {message.format(tmp_path / name)}"


def test_the_caller_names_the_argument(tmp_path):
    with pytest.raises(InputError, match=r"--start = .*there is no such file"):
        load_array(tmp_path / "w.npy", argument="--start")


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.pt", "inside.npz", "pickle.npy", "old.pt"])
def test_pickled_objects_are_refused_and_never_run(tmp_path, name):
    file, trace = tmp_path / name, tmp_path / "trace"
    array = np.array([Payload(trace)], dtype=object)
    if name == "x.npy":
        np.save(file, array)
    elif file.suffix == ".npz":
        np.savez(file, **{"a": np.eye(2), "b": array} if name == "inside.npz" else {"b": array})
    elif name == "pickle.npy":
        file.write_bytes(pickle.dumps(Payload(trace)))
    else:
        torch.save({"w": Payload(trace)}, file, _use_new_zipfile_serialization=name == "x.pt")
    assert not trace.exists()
    for key in (None, "a", "b", "w"):
        with pytest.raises(InputError, match="without pickled objects"):
            load_array(file, key)
    assert not trace.exists(), "loading ran code from the file"


def test_the_payload_of_the_test_above_does_run_when_unpickled(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "trace"))).close()
    assert (tmp_path / "trace").exists()
