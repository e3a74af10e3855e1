"""All evidence and all verdicts, as ``pytest --pyargs whichmin.verification`` runs them."""

from whichmin.verification.test_evidence import (  # noqa: F401 - pytest collects them here
    test_check_holds,
    test_verdict_stands,
)
