"""Good files; the refusals are in test_files_refused.py."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch

from whichmin import load_array
from whichmin.errors import InputError
from whichmin.files import SUFFIXES

# Thirds, a subnormal and the largest number: a format that rounds would show.
NUMBERS = np.array([[1 / 3, -2.0, 5e-324], [0.0, 1.7976931348623157e308, 1e-17]])


def write(file, array):
    """Store an array in the format that the suffix names."""
    if file.suffix == ".npy":
        np.save(file, array)
    elif file.suffix == ".npz":
        np.savez(file, points=array)
    elif file.suffix in {".csv", ".tsv", ".txt"}:
        file.write_text("\n".join(",".join(map(repr, row)) for row in array.tolist()) + "\n")
    else:
        torch.save(torch.from_numpy(array), file)
    return file


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip_is_exact(tmp_path, suffix):
    loaded = load_array(write(tmp_path / f"data{suffix}", NUMBERS))
    assert isinstance(loaded, torch.Tensor if suffix == ".pt" else np.ndarray)
    array = np.asarray(loaded)
    assert array.dtype == np.float64
    assert array.tolist() == NUMBERS.tolist()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paths_are_strings_or_path_objects_and_suffixes_any_case(tmp_path, suffix):
    file = write(tmp_path / f"data{suffix}", NUMBERS)
    shouted = file.rename(tmp_path / f"DATA{suffix.upper()}")
    assert np.asarray(load_array(str(shouted))).tolist() == NUMBERS.tolist()
    assert np.asarray(load_array(Path(shouted))).tolist() == NUMBERS.tolist()


def test_suffixes_are_the_documented_ones():
    assert SUFFIXES == (".npy", ".npz", ".pt", ".csv", ".tsv", ".txt")


@pytest.mark.parametrize("dtype", ["float32", "int64", "float16"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt"])
def test_binary_formats_keep_the_type(tmp_path, suffix, dtype):
    array = np.array([[1, 2], [3, 4]], dtype=dtype)
    loaded = load_array(write(tmp_path / f"data{suffix}", array))
    assert str(loaded.dtype).removeprefix("torch.") == dtype
    assert np.asarray(loaded).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x,y\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ('"a b","c"\n1,2\n', [[1, 2]]),
        ("# first, second\n1,2\n", [[1, 2]]),
        ("\ufeff1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("\ufeffx,y\n1,2\n", [[1, 2]]),
        ("1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("\n x , y \n\n 1 , 2 \n\n\n3,4", [[1, 2], [3, 4]]),
        ("1\n2\n3\n", [[1], [2], [3]]),
        ("1,2,3\n", [[1, 2, 3]]),
        ("-1.5e-3,+.5\n", [[-0.0015, 0.5]]),
    ],
    ids=["plain", "header", "quoted", "comment", "BOM", "BOM+header", "CRLF", "blanks", "column",
         "row", "exponents"],
)  # fmt: skip
def test_csv(tmp_path, text, rows):
    file = tmp_path / "data.csv"
    file.write_bytes(text.encode("utf-8"))
    loaded = load_array(file)
    assert loaded.dtype == np.float64
    assert loaded.tolist() == rows


def test_csv_of_one_number_is_still_a_matrix(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("7\n")
    assert load_array(file).shape == (1, 1)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_with_several_arrays_needs_a_key(tmp_path, save):
    file = tmp_path / "two.npz"
    save(file, first=np.eye(2), second=np.eye(3))
    assert load_array(file, "second").tolist() == np.eye(3).tolist()
    assert load_array(file, key="first").shape == (2, 2)
    with pytest.raises(InputError) as caught:
        load_array(file)
    assert str(caught.value) == (
        f"FILE = {str(file)!r}, but holds several arrays (first, second); choose one, key='first'"
    )


def test_pt_dictionary(tmp_path):
    file = tmp_path / "model.pt"
    torch.save({"weight": torch.eye(2), "step": 7, "bias": torch.ones(3)}, file)
    assert load_array(file, "bias").tolist() == [1, 1, 1]
    with pytest.raises(
        InputError, match=r"several arrays \(weight, bias\); choose one, key='weight'"
    ):
        load_array(file)
    torch.save({"step": 7, "weight": torch.eye(2)}, file)
    assert load_array(file).tolist() == [[1, 0], [0, 1]]


def test_pt_in_the_old_format_and_with_gradients(tmp_path):
    file = tmp_path / "old.pt"
    weights = torch.tensor([[1.0, 2.0]], requires_grad=True)
    torch.save(weights, file, _use_new_zipfile_serialization=False)
    assert load_array(file).tolist() == [[1.0, 2.0]]


def test_a_key_may_name_the_only_array(tmp_path):
    assert load_array(write(tmp_path / "one.npz", NUMBERS), "points").shape == (2, 3)


def test_nothing_is_left_open(tmp_path):
    file = write(tmp_path / "one.npz", NUMBERS)
    array = load_array(file)
    file.write_bytes(b"overwritten")
    assert array.tolist() == NUMBERS.tolist(), "the array must not depend on the file any more"
    assert io.BytesIO(file.read_bytes()).getvalue() == b"overwritten"
