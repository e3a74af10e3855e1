"""A target whose declaration is not allowed."""

WHICHMIN = {"gradient": "product"}


def gradient(w, data, activation):
    return 0 * w
