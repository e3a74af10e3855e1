"""The protocol: the functions that a target may provide, with their exact meaning.

Data are the rows ``a_1 ... a_m`` of an array ``(m, n)``; they need not be orthonormal. The model is
``f(x; w) = w phi(<w, x>)`` with phi the identity (``activation="linear"``) or the positive part
(``"relu"``); the loss of a point is ``|a_i - w phi(<w, a_i>)|^2 / 2``. A target declares where it
differs from the defaults below (:mod:`whichmin.verification.oracle.conventions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ACTIVATIONS", "FUNCTIONS", "INDICES", "Function", "Shape", "function"]

ACTIVATIONS = ("linear", "relu")
#: Arguments that are integers: rows of data, or numbers of them.
INDICES = ("batches", "sizes", "shards")


class Shape(StrEnum):
    """The shape of what a function returns."""

    SCALAR = "a number"
    VECTOR = "an array of shape (n,)"
    MATRIX = "an array of shape (n, n)"
    BATCHES = "an integer array of shape (steps, b)"


@dataclass(frozen=True)
class Function:
    """A function of the protocol.

    Attributes:
        name: Name, as the target spells it.
        arguments: Names of the arguments that are passed by position, in this order.
        keywords: Arguments passed by name, to a target that accepts them (see :class:`Target`).
        returns: Shape of the result.
        meaning: What it returns, exactly.
        convention: What is expected unless the target declares something else.
    """

    name: str
    arguments: tuple[str, ...]
    keywords: tuple[str, ...]
    returns: Shape
    meaning: str
    convention: str = ""

    @property
    def signature(self) -> str:
        """Name and arguments, as a target spells them."""
        named = ", ".join(f"{k}=..." for k in self.keywords)
        return f"{self.name}({', '.join([*self.arguments, *([named] if named else [])])})"


_A = ("activation",)
_S = ("activation", "seed")
_MEAN = "the mean over the rows of data; 'sum' can be declared"
_KINK = "at <w, a_i> = 0 the second derivative of relu(t)^2/2 may be any number from 0 to 1"

#: The functions that a target may provide, by name.
FUNCTIONS: dict[str, Function] = {
    f.name: f
    for f in (
        Function("loss", ("w", "data"), _A, Shape.SCALAR,
                 "(1/m) sum_i |a_i - w phi(<w, a_i>)|^2 / 2", _MEAN),
        Function("gradient", ("w", "data"), _A, Shape.VECTOR,
                 "the gradient of the loss", f"{_MEAN}; relu'(0) = 0 (any value gives the same)"),
        Function("step", ("w", "batch", "step_size"), _A, Shape.VECTOR,
                 "w - step_size * gradient(w, batch); batch is (b, n), rows may repeat",
                 "the mean over the rows of the batch; 'sum' can be declared for 'gradient'"),
        Function("accumulated_gradient", ("w", "data", "sizes"), _A, Shape.VECTOR,
                 "the gradient of the loss, computed over micro-batches: consecutive rows of data; "
                 "sizes is an integer array, its sum is m",
                 "as gradient(w, data), however the rows are cut: the mean over all rows"),
        Function("ranked_gradient", ("w", "data", "shards"), _A, Shape.VECTOR,
                 "the gradient over the points of all ranks; shards is a list of integer arrays, "
                 "each rank's rows of data",
                 "the mean over all the shards' points; a row that occurs twice counts twice, and "
                 "an empty shard adds nothing. 'means' can be declared for 'ranks'"),
        Function("train", ("w0", "data", "batches", "step_size"), _A, Shape.VECTOR,
                 "the weights after steps t = 0, 1, ... on the rows batches[t] of data",
                 "as step; batches is an integer array (steps, b), entries of a row may repeat; a "
                 "list of integer arrays where batches of unequal size are declared"),
        Function("resumed_train", ("w0", "data", "batches", "step_size", "stop"), _A, Shape.VECTOR,
                 "as train, saved after the first stop steps, loaded by a fresh trainer and "
                 "finished there",
                 "as train without a break: buffers, schedule and place in the batches are kept"),
        Function("sample_batches", ("m", "b", "steps", "seed"), (), Shape.BATCHES,
                 "the batches of a run: rows are steps, entries from 0 to m - 1",
                 "without replacement within a batch, uniform, independent from step to step"),
        Function("hessian", ("w", "data"), _A, Shape.MATRIX,
                 "the matrix of second derivatives of the loss", f"{_MEAN}; {_KINK}"),
        Function("hessian_vector_product", ("w", "data", "v"), _A, Shape.VECTOR,
                 "the Hessian of the loss times v", f"{_MEAN}; {_KINK}"),
        Function("hessian_trace", ("w", "data"), _S, Shape.SCALAR,
                 "the trace of the Hessian of the loss", f"{_MEAN}; exact unless declared"),
        Function("top_eigenvalue", ("w", "data"), _S, Shape.SCALAR,
                 "the largest eigenvalue of the Hessian of the loss",
                 "the largest, not the largest in absolute value; that can be declared"),
        Function("spectrum", ("w", "data"), _A, Shape.VECTOR,
                 "all n eigenvalues of the Hessian of the loss, with multiplicity, in any order",
                 _MEAN),
        Function("relative_flatness", ("w", "data"), _A, Shape.SCALAR,
                 "|w|^2 times the trace of the Hessian of the loss", f"{_MEAN}; {_KINK}"),
        Function("keskar_sharpness", ("loss", "w", "eps"), ("seed",), Shape.SCALAR,
                 "100 max_z [loss(w + z) - loss(w)] / (1 + loss(w)) over |z_i| <= eps (|w_i| + 1)",
                 "the maximum over the whole box; loss is a function of w alone"),
        Function("sam_sharpness", ("loss", "w", "radius"), ("seed",), Shape.SCALAR,
                 "max_z loss(w + z) - loss(w) over |z|_2 <= radius",
                 "the maximum over the whole ball, not the rise of one ascent step; loss is a "
                 "function of w alone"),
        Function("average_sharpness", ("loss", "w", "sigma"), ("seed",), Shape.SCALAR,
                 "E loss(w + sigma g) - loss(w), g standard normal in R^n",
                 "sigma is the standard deviation of each coordinate; exact unless declared; loss "
                 "is a function of w alone"),
        Function("gradient_noise", ("w", "data", "b"), _S, Shape.MATRIX,
                 "the covariance of the mean gradient of a batch of b of the m rows",
                 "batches without replacement, uniform: all of them, not an estimate"),
        Function("noise_scale", ("w", "data"), _S, Shape.SCALAR,
                 "tr(Sigma) / |G|^2: G the mean, Sigma the covariance of the gradients of the rows",
                 "Sigma = (1/m) sum_i (g_i - G)(g_i - G)^T, exact unless declared"),
        Function("hessian_noise_scale", ("w", "data"), _A, Shape.SCALAR,
                 "tr(H Sigma) / (G^T H G): H the Hessian, G and Sigma as in noise_scale",
                 "Sigma divided by m; where H makes it negative, the quotient as it stands; nan, "
                 "inf or an error where G = 0"),
    )
}  # fmt: skip


def function(name: str) -> Function:
    """Look up a function of the protocol; the name is one of ``FUNCTIONS``."""
    return FUNCTIONS[name]
