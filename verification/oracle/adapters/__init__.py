"""Adapters: other people's tools, and ours, as targets of the oracle.

Each is thin: their interface, their conventions declared, no correction of their results. A module
raises :class:`~whichmin.errors.MissingDependency` at import if its library is absent.
"""
