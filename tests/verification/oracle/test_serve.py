"""The worker process loads neither PyTorch nor SymPy."""

import json
import subprocess
import sys


def test_the_worker_imports_nothing_heavy():
    code = (
        "import json, sys, whichmin.verification.oracle.serve\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"torch", "sympy", "scipy", "hypothesis", "tabulate", "jax", "pytest"}
    assert "numpy" in loaded
