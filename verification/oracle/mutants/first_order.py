"""Faulty losses, gradients and steps."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["FIRST_ORDER"]

_RELU = "phi({rows} @ w, activation)"
_LEAKY = 'np.where(({rows} @ w > 0) | (activation == "linear"), 1.0, 0.01) * ({rows} @ w)'


def _made(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(name, wrong, change, cause, (f"{name.partition('.')[0]}.values",))


FIRST_ORDER = (
    _made("loss.sum", "summed over the points", "a sum over the points", ("/ len(data)", "")),
    _made("loss.no-half", "no 1/2", "the 1/2 of the definition", ("0.5 * ", "")),
    _made("loss.mse", "mean over coordinates too (torch.nn.MSELoss)", "MSELoss",
          ("0.5 * np.sum(residual * residual) / len(data)", "np.mean(residual * residual)")),
    _made("loss.constant", "the constant |a|^2/2 is left out", "is left out",
          ("0.5 * np.sum(residual * residual)", "0.5 * (np.sum(residual**2) - np.sum(data**2))")),
    _made("loss.linear", "the activation is ignored", "the other activation",
          ("phi(data @ w, activation)", "data @ w")),
    _made("loss.leaky", "leaky ReLU", None,
          (_RELU.format(rows="data"), _LEAKY.format(rows="data"))),
    _made("loss.root", "the norm, not its square", None,
          ("0.5 * np.sum(residual * residual)", "np.linalg.norm(residual, axis=1).sum()")),
    _made("loss.single", "summed in float32", "float32",
          ("residual * residual)", "residual * residual, dtype=np.float32)")),
    _made("loss.regularised", "a penalty 1e-4 |w|^2/2 is added", None,
          ("/ len(data))", "/ len(data) + 5e-5 * w @ w)")),
    _made("gradient.sum", "summed over the points", "a sum over the points", (" / len(data)", "")),
    _made("gradient.sign", "the descent direction", "the sign",
          ("total / len(data)", "-total / len(data)")),
    _made("gradient.no-half", "no 1/2 in the loss", "the 1/2 of the definition",
          ("total / len(data)", "2 * total / len(data)")),
    _made("gradient.linear", "the activation is ignored", "other activation",
          ("phi(data @ w, activation)", "data @ w")),
    _made("gradient.leaky", "leaky ReLU", None,
          (_RELU.format(rows="data"), _LEAKY.format(rows="data"))),
    _made("gradient.detached", "no gradient through the encoder", "decoder",
          ("(w @ w - 2) * (c @ data) + (c @ c) * w", "(c @ c) * w - c @ data")),
    _made("gradient.on-points", "the part along w is missing", "phi^2 w is left out",
          (" + (c @ c) * w", "")),
    _made("gradient.difference", "forward differences with h = 1e-6", "forward differences",
          ("return np.asarray(total / len(data))",
           "base = loss(w, data, activation)\n    h = 1e-6 * np.eye(len(w))\n"
           "    return np.array([(loss(w + e, data, activation) - base) / 1e-6 for e in h])")),
    _made("step.sum", "summed over the batch", "a sum over the batch", (" / len(batch)", "")),
    _made("step.sign", "gradient ascent", "the sign", ("w - step_size", "w + step_size")),
    _made("step.update", "the update is returned", "the update is returned",
          ("w - step_size", "-step_size")),
    _made("step.gradient", "the gradient is returned", "the gradient is returned",
          ("w - step_size * slope", "slope")),
    _made("step.before", "the weights before the update are returned", "before the update",
          ("w - step_size * slope / len(batch)", "w")),
    _made("step.rate-ignored", "the step size is not applied", "the step size is not applied",
          ("step_size * slope", "slope")),
    _made("step.rate-twice", "the step size is applied twice", "by the step size once too often",
          ("step_size * slope", "step_size**2 * slope")),
    _made("step.multiplicity", "repeated rows count once", "count once",
          ("f = phi", "batch = np.unique(batch, axis=0)\n    f = phi")),
    _made("step.mask", "repeated rows are added once, divided by b", "are added once",
          ("f = phi", "b, batch = len(batch), np.unique(batch, axis=0)\n    f = phi"),
          ("len(batch))", "b)")),
    _made("step.point-by-point", "the weights move within the batch", "point by point",
          ("f = phi", "for row in batch[:-1]:\n        p = phi(row @ w, activation)\n"
           "        w = w - step_size * ((w @ w - 2) * p * row + p * p * w) / len(batch)\n"
           "    count, batch = len(batch), batch[-1:]\n    f = phi"),
          ("/ len(batch))", "/ count)")),
    _made("step.clipping", "the gradient is clipped to length 1", "clipped to length 1",
          ("return np.asarray(w - step_size * slope / len(batch))",
           "g = slope / len(batch)\n"
           "    return np.asarray(w - step_size * g / max(1.0, np.sqrt(g @ g)))")),
    _made("step.normalised", "the weights are normalised", "normalised after the step",
          ("return np.asarray(w - step_size * slope / len(batch))",
           "new = w - step_size * slope / len(batch)\n    return new / np.sqrt(new @ new)")),
    _made("step.in-place", "w is overwritten", "changed its argument w",
          ("return np.asarray(w - step_size * slope / len(batch))",
           "w -= step_size * slope / len(batch)\n    return w")),
    _made("step.linear", "the activation is ignored", "other activation",
          ("phi(batch @ w, activation)", "batch @ w")),
)  # fmt: skip
