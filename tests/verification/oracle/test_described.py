"""The tables of the documentation say what the code takes and writes."""

import dataclasses
import re

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.compliance import Compliance, Result
from whichmin.verification.oracle.conventions import (
    CHOICES,
    METHODS,
    MOST_SAMPLES,
    Conventions,
)
from whichmin.verification.oracle.described import (
    allowed,
    declarations,
    methods,
    optimisers,
    schedules,
    schema,
)


def names(rows):
    return [row[0].strip("`") for row in rows]


def test_every_declaration_is_described():
    fields = [f.name for f in dataclasses.fields(Conventions)]
    assert names(declarations()) == fields
    assert set(allowed()) == set(fields)
    assert names(methods()) == list(METHODS)
    assert all(all(row) for row in (*declarations(), *methods()))


def test_most_samples_are_the_powers_of_two_that_are_shown():
    shown = re.findall(r"2\^(\d+) for `(\w+)`", allowed()["stochastic"])
    assert {dtype: 2 ** int(power) for power, dtype in shown} == MOST_SAMPLES


@pytest.mark.parametrize("key", CHOICES)
def test_the_values_listed_are_those_allowed(key):
    listed = re.findall(r"`([^`]*)`", allowed()[key])
    for value in listed:
        assert getattr(Conventions.parse({key: value}), key) == value
    with pytest.raises(InputError, match=f"must be one of: {', '.join(listed)}"):
        Conventions.parse({key: "other"})


@pytest.mark.parametrize(("name", "listed"), methods())
def test_the_methods_listed_are_those_allowed(name, listed):
    for method in re.findall(r"`([^`]*)`", listed):
        declared = {"stochastic": {name.strip("`"): {"method": method, "samples": 5}}}
        assert Conventions.parse(declared).stochastic


def test_optimisers_and_schedules_are_those_allowed():
    for name, listed in optimisers():
        keys = re.findall(r"`([^`]*)`", listed)
        declared = {"name": name.strip("`"), **({"weight_decay": 0.5} if keys else {})}
        assert Conventions.parse({"optimiser": declared}).optimiser.weight_decay == 0.5
        with pytest.raises(InputError, match=f"{', '.join(keys)}"):
            Conventions.parse({"optimiser": {**declared, "rate": 1}})
    for name, listed in schedules():
        with pytest.raises(InputError, match="rate"):
            Conventions.parse({"schedule": {"name": name.strip("`"), "rate": 1}})
        assert listed


def test_the_schema_is_that_of_a_record():
    found = judge("targets:good", quick=True, only=lambda name: name == "loss.values").record()
    assert set(names(schema(Compliance))) == set(found)
    assert set(names(schema(Result))) == set(found["results"][0])
    kinds = {
        "text": str, "integer": int, "number": (int, float), "array of texts": list,
        "array of results": list, "object": dict, "true or false": bool,
        "number or null": (int, float, type(None)),
    }  # fmt: skip
    for rows, record in ((schema(Compliance), found), (schema(Result), found["results"][0])):
        for name, kind, meaning in rows:
            assert isinstance(record[name.strip("`")], kinds[kind])
            assert meaning.endswith(".")
