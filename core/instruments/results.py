"""What all results of the instruments have: a short text, a dictionary, JSON and CSV."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from whichmin.files import write_text
from whichmin.reporting import plain_json

__all__ = ["Result"]

_SHOWN = 4  # numbers that a text shows in full


class Result:
    """Base of the results, which are data classes of numbers, words, arrays and tensors."""

    def __repr__(self) -> str:
        """Show the numbers, and of long arrays only how many they hold."""
        shown = (f"{f.name}={_short(getattr(self, f.name))}" for f in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(shown)})"

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, and what is derived from them, as plain numbers, words and lists."""
        names = [f.name for f in fields(self)]  # type: ignore[arg-type]
        derived = [k for k, v in vars(type(self)).items() if isinstance(v, property)]
        return {name: _plain(getattr(self, name)) for name in names + derived}

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return :meth:`to_dict` as JSON, with null for NaN and infinities, which JSON lacks.

        Args:
            path: A file to write it to, in full or not at all.

        Returns:
            The text.

        Raises:
            InputError: The file cannot be written.
        """
        text = plain_json(self.to_dict())
        if path is not None:
            write_text(path, text, "path")
        return text

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return :meth:`to_dict` as CSV, one number or word a line: ``name,index,value``.

        Args:
            path: A file to write it to, in full or not at all.

        Returns:
            The text. An index counts from 0; that of a matrix is ``row column``.

        Raises:
            InputError: The file cannot be written.
        """
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("name", "index", "value"))
        for name, value in self.to_dict().items():
            writer.writerows((name, index, each) for index, each in _numbered(value))
        text = lines.getvalue().rstrip("\n")
        if path is not None:
            write_text(path, text, "path")
        return text


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().tolist()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def _numbered(value: Any, index: tuple[int, ...] = ()) -> list[tuple[str, Any]]:
    if not isinstance(value, list):
        return [(" ".join(map(str, index)), "" if value is None else value)]
    return [pair for k, each in enumerate(value) for pair in _numbered(each, (*index, k))]


def _short(value: Any) -> str:
    if isinstance(value, (torch.Tensor, np.ndarray, tuple, list)):
        shape = tuple(value.shape) if hasattr(value, "shape") else (len(value),)
        if len(shape) != 1 or shape[0] > _SHOWN:
            return f"<{' x '.join(map(str, shape))} numbers>"
        return f"[{', '.join(_short(v) for v in _plain(value))}]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
