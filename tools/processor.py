"""Run a command as on another processor: ``python tools/processor.py old pytest tests/docs``.

Libraries choose their code by the processor, and the last bits of sums, products and functions
differ from one to the next. Environment variables make them choose as if an instruction set were
missing. ``--show`` prints the variables and some digests of results that depend on them.

* ``old``: SSE only, one thread; LLVM compiles for a processor without fused multiply-add.
* ``middle``: AVX2 at most, two threads.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

BUNDLES = {
    "old": {
        "ATEN_CPU_CAPABILITY": "default",
        "OPENBLAS_CORETYPE": "Prescott",
        "MKL_CBWR": "COMPATIBLE",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    },
    "middle": {
        "ATEN_CPU_CAPABILITY": "avx2",
        # Older than the rest: for Haswell and later OpenBLAS has kernels that add up alike.
        "OPENBLAS_CORETYPE": "Sandybridge",
        "MKL_CBWR": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "MKL_NUM_THREADS": "2",
    },
}
# NumPy's names of what comes with AVX2, before and after its version 2.4.
_AVX2 = {"AVX", "F16C", "FMA3", "FMA4", "XOP", "AVX2", "X86_V3"}


def numpy_features(bundle: str) -> str:
    """Name the features that NumPy must not use; it warns of any that it would not use anyway."""
    from numpy._core import _multiarray_umath as built

    usable = [name for name in built.__cpu_dispatch__ if built.__cpu_features__.get(name)]
    return " ".join(name for name in usable if bundle == "old" or name not in _AVX2)


def environment(bundle: str) -> dict[str, str]:
    """Variables of a bundle, besides those of this process."""
    # A new process: this one's NumPy may itself run without some features.
    clean = {k: v for k, v in os.environ.items() if k != "NPY_DISABLE_CPU_FEATURES"}
    asked = f"import processor; print(processor.numpy_features({bundle!r}))"
    here = os.path.dirname(os.path.abspath(__file__))
    found = subprocess.run(
        [sys.executable, "-c", asked], cwd=here, env=clean, check=True, text=True,
        capture_output=True,
    ).stdout.strip()  # fmt: skip
    return {**BUNDLES[bundle], "NPY_DISABLE_CPU_FEATURES": found}


def digests() -> dict[str, str]:
    """Digests of results that depend on the processor, one for each library."""
    import numba
    import numpy as np
    import scipy.linalg
    import torch

    drawn = np.random.default_rng(0).standard_normal((200, 201))
    tensor = torch.from_numpy(drawn)

    @numba.njit(fastmath=False)  # type: ignore[untyped-decorator]
    def horner(x: np.ndarray) -> np.ndarray:
        return x * x * 0.1 + x * 0.3 + np.exp(x)

    results = {
        "numpy function": np.exp(drawn) + np.sin(drawn),
        "numpy sum": drawn.sum(1),
        "numpy product": drawn @ drawn.T,
        "scipy eigenvalues": scipy.linalg.eigvalsh(drawn @ drawn.T),
        "torch function": torch.exp(tensor) + torch.sin(tensor),
        "torch sum": tensor.sum(1),
        "torch product": tensor @ tensor.T,
        "numba": horner(drawn),
    }
    return {k: hashlib.sha256(np.asarray(v).tobytes()).hexdigest()[:8] for k, v in results.items()}


def main() -> int:
    """Run the command line.

    Returns:
        Exit code; does not return if a command is run.
    """
    arguments = sys.argv[1:]
    if len(arguments) < 2 or arguments[0] not in BUNDLES:
        print(f"usage: {sys.argv[0]} {{{','.join(BUNDLES)}}} (--show | COMMAND ...)")
        return 2
    bundle, command = arguments[0], arguments[1:]
    added = environment(bundle)
    if command != ["--show"]:
        os.environ.update(added)
        os.execvp(command[0], command)
    for name, value in added.items():
        print(f"{name}={value}")
    asked = "import processor; print(*processor.digests().items(), sep='\\n')"
    for title, variables in (("here", {}), (bundle, added)):
        print(f"\n{title}", flush=True)
        subprocess.run(
            [sys.executable, "-c", asked], cwd=os.path.dirname(os.path.abspath(__file__)),
            env={**os.environ, **variables}, check=True,
        )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
