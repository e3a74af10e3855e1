"""Provers for all topics: an SMT solver, certificates, and formulas given as text."""
