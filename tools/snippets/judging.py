"""The oracle from a program: an object is judged, checks are listed."""

import numpy as np
from shown import show

from whichmin.verification.oracle import checks, judge


class Sum:
    """A gradient that is a sum over the batch."""

    @staticmethod
    def gradient(w, data, activation):
        c = data @ w
        c = np.maximum(c, 0) if activation == "relu" else c
        return (w @ w - 2) * (c @ data) + (c @ c) * w


def verdicts():
    found = judge(Sum, quick=True)
    return [[r.check, r.verdict.value, r.diagnosis, r.declare] for r in found.results]


if __name__ == "__main__":
    show({"judge": verdicts, "checks": lambda: [repr(c) for c in checks("trainer_numpy")]})
