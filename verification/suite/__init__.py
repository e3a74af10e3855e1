"""The tests that judge a target: ``pytest --pyargs whichmin.verification.suite``."""
