"""The common functions of ``torch.nn.functional`` and ``torch.linalg``, on small inputs.

The weights are the function's inputs. The loss is a weighted sum of the results and half the sum of
their squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from whichmin.core.instruments import ClosureObjective, closure_objective
from whichmin.verification.second_derivatives.judge import Case

__all__ = ["FUNCTIONS", "LINEAR_ALGEBRA"]

Shape = tuple[int, ...]
TARGETS = torch.tensor([1.0, 0.0, 1.0]).double()
SIGNS = torch.tensor([1.0, -1.0, 1.0]).double()


def _objective(function: Callable[..., Any], shapes: Sequence[Shape]) -> ClosureObjective:
    draws = np.random.default_rng(5)
    sizes = [math.prod(s) for s in shapes]
    point = draws.standard_normal(sum(sizes))
    weights = torch.from_numpy(draws.standard_normal(1000))

    def loss(w: torch.Tensor) -> torch.Tensor:
        inputs = [p.view(s) for p, s in zip(w.split(sizes), shapes, strict=True)]
        out = function(*inputs)
        parts = [p for p in (out if isinstance(out, tuple) else (out,)) if _counts(p)]
        flat = torch.cat([
            (torch.view_as_real(p) if p.is_complex() else p).reshape(-1) for p in parts
        ])
        return (weights[: len(flat)] * flat).sum() + flat.square().sum() / 2

    return closure_objective(loss, point)


def _counts(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def _case(group: Any, name: str, shapes: Any, function: Callable[..., Any] | None = None) -> Case:
    known = list(shapes) if isinstance(shapes, list) else [shapes]
    call = getattr(group, name) if function is None else function
    title = "torch.nn.functional" if group is functional else "torch.linalg"
    return Case(title, name, lambda: _objective(call, known))


def _f(name: str, shapes: Any, *args: Any, **options: Any) -> Case:
    return _case(
        functional, name, shapes, lambda *x: getattr(functional, name)(*x, *args, **options)
    )


def _g(name: str, shapes: Any, function: Callable[..., Any]) -> Case:
    return _case(functional, name, shapes, function)


def _l(name: str, shapes: Any, function: Callable[..., Any] | None = None) -> Case:
    return _case(torch.linalg, name, shapes, function)


def _spatial(dims: int, size: int = 4, channels: int = 1) -> Shape:
    return (1, channels, *[size] * dims)


def _unpooled(dims: int) -> Callable[..., Any]:
    pool = getattr(functional, f"max_pool{dims}d")
    back = getattr(functional, f"max_unpool{dims}d")
    return lambda x: back(*pool(x, 2, return_indices=True), 2)


def _fractional(dims: int) -> Callable[..., Any]:
    draws = torch.full((1, 1, dims), 0.4).double()
    pool = getattr(functional, f"fractional_max_pool{dims}d")
    return lambda x: pool(x, 2, output_size=2, _random_samples=draws)


def _in_place(name: str, *args: Any) -> Callable[..., Any]:
    return lambda x: getattr(functional, name)(x * 1, *args)


def _grid(theta: torch.Tensor) -> Any:
    return functional.affine_grid(theta, [1, 1, 2, 2], align_corners=False)


def _statistics(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> Any:
    return functional.batch_norm(x, None, None, weight, bias, training=True)


def _ctc(x: torch.Tensor) -> Any:
    return functional.ctc_loss(
        x.log_softmax(-1), torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])
    )


def _heads(x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor) -> Any:
    return functional.multi_head_attention_forward(
        x, x, x, 4, 2, weight, None, None, None, False, 0.0, out, None, need_weights=False
    )[0]


D = (1, 2, 3)
ONE = torch.tensor([1])

FUNCTIONS: tuple[Case, ...] = (
    *(_f(name, (4,)) for name in (
        "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "leaky_relu", "logsigmoid", "mish", "relu", "relu6", "rrelu", "selu", "sigmoid",
        "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "glu",
    )),
    _f("gelu", (4,), approximate="tanh"),
    *(_g(n, (4,), _in_place(n)) for n in ("celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_",
                                          "rrelu_", "selu_")),
    _f("threshold", (4,), 0.1, 0.5),
    _g("threshold_", (4,), _in_place("threshold_", 0.1, 0.5)),
    *(_f(n, (4,), -1) for n in ("log_softmax", "softmax", "softmin")),
    _f("prelu", [(1, 2, 2), (2,)]),
    _f("linear", [(2, 3), (2, 3), (2,)]),
    _f("bilinear", [(2, 2), (2, 3), (2, 2, 3)]),
    *(_f(f"conv{d}d", [_spatial(d, 3), (1, 1, *[2] * d), (1,)]) for d in D),
    *(_f(f"conv_transpose{d}d", [_spatial(d, 2), (1, 1, *[2] * d), (1,)]) for d in D),
    _f("conv_tbc", [(4, 1, 2), (2, 2, 2), (2,)]),
    _g("batch_norm", [(3, 2), (2,), (2,)], _statistics),
    _f("instance_norm", (2, 2, 3)),
    _g("layer_norm", [(2, 4), (4,), (4,)], lambda x, w, b: functional.layer_norm(x, (4,), w, b)),
    _g("rms_norm", [(2, 4), (4,)], lambda x, w: functional.rms_norm(x, (4,), w)),
    _g("group_norm", [(2, 4, 2), (4,), (4,)], lambda x, w, b: functional.group_norm(x, 2, w, b)),
    _f("local_response_norm", (1, 4, 2), 2),
    _f("normalize", (2, 3)),
    *(_f(f"avg_pool{d}d", _spatial(d), 2) for d in D),
    *(_f(f"max_pool{d}d", _spatial(d), 2) for d in D),
    *(_f(f"lp_pool{d}d", _spatial(d), 2, 2) for d in D),
    *(_f(f"adaptive_avg_pool{d}d", _spatial(d), 2) for d in D),
    *(_f(f"adaptive_max_pool{d}d", _spatial(d), 2) for d in D),
    *(_g(f"max_unpool{d}d", _spatial(d), _unpooled(d)) for d in D),
    *(_g(f"fractional_max_pool{d}d", _spatial(d), _fractional(d)) for d in (2, 3)),
    *(_f("pad", _spatial(2, 2), [1, 1, 1, 1], mode=m)
      for m in ("constant", "reflect", "replicate", "circular")),
    *(_f("interpolate", _spatial(d, 3), scale_factor=2, mode=m) for d, m in (
        (1, "nearest"), (1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear"),
        (2, "area"), (2, "nearest-exact"))),
    _f("upsample", _spatial(1, 3), scale_factor=2),
    _f("upsample_bilinear", _spatial(2, 3), scale_factor=2),
    _f("upsample_nearest", _spatial(2, 2), scale_factor=2),
    _g("affine_grid", (1, 2, 3), _grid),
    *(_f("grid_sample", [_spatial(2, 3), (1, 2, 2, 2)], mode=m, align_corners=False)
      for m in ("bilinear", "bicubic", "nearest")),
    _f("pixel_shuffle", (1, 4, 2, 2), 2),
    _f("pixel_unshuffle", (1, 1, 4, 4), 2),
    _f("channel_shuffle", (1, 4, 2, 2), 2),
    _f("fold", (1, 4, 4), (3, 3), (2, 2)),
    _f("unfold", (1, 1, 3, 3), (2, 2)),
    _g("embedding", (3, 2), lambda w: functional.embedding(torch.tensor([[0, 2], [2, 2]]), w)),
    _g("embedding_bag", (3, 2), lambda w: functional.embedding_bag(
        torch.tensor([[0, 2], [2, 2]]), w)),
    _g("embedding_bag", [(3, 2), (2, 2)], lambda w, p: functional.embedding_bag(
        torch.tensor([[0, 2], [2, 2]]), w, mode="sum", per_sample_weights=p)),
    _f("cosine_similarity", [(2, 3), (2, 3)]),
    _f("pairwise_distance", [(2, 3), (2, 3)]),
    _f("pdist", (3, 2)),
    *(_f("dropout", (4,), 0.5, False) for _ in (1,)),
    *(_f(n, (1, 2, 2), 0.5, False) for n in ("alpha_dropout", "feature_alpha_dropout")),
    *(_f(f"dropout{d}d", (1, 2, *[2] * d), 0.5, False) for d in D),
    _f("scaled_dot_product_attention", [(1, 2, 3, 2)] * 3),
    _g("multi_head_attention_forward", [(3, 1, 4), (12, 4), (4, 4)], _heads),
    _g("ctc_loss", (4, 1, 3), _ctc),
    _g("cross_entropy", (2, 3), lambda x: functional.cross_entropy(x, torch.tensor([0, 2]))),
    _g("cross_entropy", (2, 3), lambda x: functional.cross_entropy(
        x, torch.tensor([0, 2]), label_smoothing=0.1, weight=TARGETS + 1)),
    _g("linear_cross_entropy", [(2, 3), (4, 3)],
       lambda x, w: functional.linear_cross_entropy(x, w, torch.tensor([0, 2]))),
    _g("nll_loss", (2, 3), lambda x: functional.nll_loss(x, torch.tensor([0, 2]))),
    _f("mse_loss", [(3,), (3,)]),
    _f("l1_loss", [(3,), (3,)]),
    _f("smooth_l1_loss", [(3,), (3,)]),
    _f("huber_loss", [(3,), (3,)]),
    _f("soft_margin_loss", (3,), SIGNS),
    _f("hinge_embedding_loss", (3,), SIGNS),
    _f("margin_ranking_loss", [(3,), (3,)], SIGNS),
    _f("multi_margin_loss", (1, 3), ONE),
    _f("multilabel_margin_loss", (1, 3), torch.tensor([[1, -1, -1]])),
    _f("multilabel_soft_margin_loss", (1, 3), TARGETS[None]),
    _f("cosine_embedding_loss", [(1, 3), (1, 3)], ONE),
    _f("triplet_margin_loss", [(1, 3), (1, 3), (1, 3)]),
    _f("triplet_margin_with_distance_loss", [(1, 3), (1, 3), (1, 3)]),
    _f("poisson_nll_loss", (3,), TARGETS),
    _g("gaussian_nll_loss", [(3,), (3,)], lambda x, v: functional.gaussian_nll_loss(
        x, TARGETS, v.square() + 0.1)),
    _g("binary_cross_entropy", (3,), lambda x: functional.binary_cross_entropy(
        x.sigmoid(), TARGETS)),
    _f("binary_cross_entropy_with_logits", (3,), TARGETS),
    _g("kl_div", (3,), lambda x: functional.kl_div(
        x.log_softmax(0), TARGETS.softmax(0), reduction="sum")),
)  # fmt: skip


def _positive(a: torch.Tensor) -> torch.Tensor:
    return a @ a.mT + torch.eye(len(a)).double()


def _factors(a: torch.Tensor) -> Any:
    return torch.linalg.lu(a)[1:]


LINEAR_ALGEBRA: tuple[Case, ...] = (
    *(_l(n, (3, 3)) for n in (
        "det", "inv", "matrix_exp", "pinv", "slogdet", "matrix_norm", "norm",
        "vector_norm", "svdvals", "diagonal", "qr", "cond",
    )),
    _l("cholesky", (3, 3), lambda a: torch.linalg.cholesky(_positive(a))),
    _l("cholesky_ex", (3, 3), lambda a: torch.linalg.cholesky_ex(_positive(a))[0]),
    _l("inv_ex", (3, 3), lambda a: torch.linalg.inv_ex(a)[0]),
    _l("cross", [(3,), (3,)]),
    _l("eigvals", (3, 3), lambda a: torch.linalg.eigvals(a).abs()),
    _l("eigvalsh", (3, 3), lambda a: torch.linalg.eigvalsh(a + a.mT)),
    _l("eigh", (3, 3), lambda a: torch.linalg.eigh(a + a.mT)[1].square()),
    _l("eig", (3, 3), lambda a: torch.linalg.eig(a)[1].abs()),
    _l("svd", (3, 2), lambda a: tuple(
        t.square() for t in torch.linalg.svd(a, full_matrices=False))),
    _l("householder_product", [(3, 2), (2,)]),
    _l("lu", (3, 3), _factors),
    _l("lu_factor", (3, 3), lambda a: torch.linalg.lu_factor(a)[0]),
    _l("lu_factor_ex", (3, 3), lambda a: torch.linalg.lu_factor_ex(a)[0]),
    _l("lu_solve", [(3, 3), (3, 2)], lambda a, b: torch.linalg.lu_solve(
        *torch.linalg.lu_factor(a), b)),
    _l("solve", [(3, 3), (3, 2)]),
    _l("solve_ex", [(3, 3), (3, 2)], lambda a, b: torch.linalg.solve_ex(a, b)[0]),
    _l("solve_triangular", [(3, 3), (3, 2)], lambda a, b: torch.linalg.solve_triangular(
        a.triu(), b, upper=True)),
    _l("lstsq", [(4, 2), (4, 1)], lambda a, b: torch.linalg.lstsq(a, b)[0]),
    _l("matmul", [(2, 3), (3, 2)]),
    _l("matrix_power", (3, 3), lambda a: torch.linalg.matrix_power(a, 3)),
    _l("multi_dot", [(2, 3), (3, 2), (2, 2)], lambda *a: torch.linalg.multi_dot(a)),
    _l("tensorinv", (2, 2, 4), lambda a: torch.linalg.tensorinv(a, 2)),
    _l("tensorsolve", [(2, 2, 4), (2, 2)]),
    _l("vander", (3,)),
    _l("vecdot", [(2, 3), (2, 3)]),
)  # fmt: skip
