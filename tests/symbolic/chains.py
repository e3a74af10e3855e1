"""Symbols, and chains of one step, for the tests of the rules."""

import sympy as sp

from whichmin.symbolic import Derivation

a, b, q, z = sp.symbols("a b q z", real=True)
x, y, h, T = sp.symbols("x y h T", positive=True)
i, k, m, n = sp.symbols("i k m n", integer=True, positive=True)
t = sp.Symbol("t", integer=True, nonnegative=True)
tau = sp.Symbol("tau", nonnegative=True)
c = sp.IndexedBase("c")


def chain(before, after, *rules, **more):
    return Derivation.begin("step", before, after, *rules, **more)


def holds(before, after, *rules):
    return chain(before, after, *rules).failures() == []


def refused(words, before, after, *rules, **more):
    lines = chain(before, after, *rules, **more).failures()
    assert any(words in line for line in lines), lines


def total(term, count=m):
    return sp.Sum(term, (i, 1, count))
