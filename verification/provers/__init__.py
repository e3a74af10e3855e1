"""Provers for all topics: an SMT solver, certificates, intervals, and formulas given as text."""
