"""Adapters that make other people's tools, and ours, targets of the oracle.

An adapter translates the interface of a tool and declares its conventions; it does not correct
results. Its module raises :class:`~whichmin.errors.MissingDependency` at import if the library is
absent.
"""
