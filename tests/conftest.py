"""Settings that all tests share."""

import hypothesis

# Deterministic: a test run that passed passes again; a failure prints what reproduces it.
hypothesis.settings.register_profile(
    "whichmin", derandomize=True, print_blob=True, deadline=None, database=None
)
hypothesis.settings.load_profile("whichmin")
