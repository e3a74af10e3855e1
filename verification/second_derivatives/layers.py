"""Every layer of ``torch.nn`` that computes something, on small inputs.

Each is put behind weights of its own, one a number of the input, so that its derivatives by its
input count as well as those by its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from whichmin.core.instruments import ModuleObjective, module_objective
from whichmin.verification.second_derivatives.judge import Case

__all__ = ["LAYERS", "LEFT_OUT"]

Shape = tuple[int, ...]
Call = Callable[..., Any]


class Behind(nn.Module):
    """A layer behind weights that are added to its inputs."""

    def __init__(self, layer: nn.Module, shapes: Sequence[Shape], call: Call | None) -> None:
        super().__init__()
        self.layer, self.call = layer, call
        self.starts = nn.ParameterList(torch.randn(s) for s in shapes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map numbers ``(b, k)`` to the layer's first result, ``(b, j)``."""
        sizes = [p.numel() for p in self.starts]
        inputs = [
            part.view(len(x), *p.shape) + p
            for part, p in zip(x.split(sizes, 1), self.starts, strict=True)
        ]
        out = self.layer(*inputs) if self.call is None else self.call(self.layer, *inputs)
        while isinstance(out, tuple):
            out = out[0]
        flat: torch.Tensor = out.reshape(len(x), -1)
        return flat


def _objective(make: Call, shapes: Sequence[Shape], call: Call | None) -> ModuleObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = Behind(make(), shapes, call).double().eval()
        x = torch.randn(2, sum(p.numel() for p in net.starts)).double() / 2
        with torch.no_grad():
            out = net(x)
        y = torch.randn(out.shape).double()
    return module_objective(net, nn.MSELoss(), (x, y))


def _layer(name: str, *args: Any, on: Any = (3,), call: Call | None = None, **options: Any) -> Case:
    """Make a case; ``on`` is the shape of one sample's input, or a list of shapes."""
    shapes = on if isinstance(on, list) else [on]

    def make() -> nn.Module:
        layer: nn.Module = getattr(nn, name)(*args, **options)
        return layer

    return Case("torch.nn", name, lambda: _objective(make, shapes, call))


def _loss(name: str, target: Any, *args: Any, on: Any = (3,), **options: Any) -> Case:
    """Make a case of a loss; ``target`` is one sample's, a number or a list."""

    def call(layer: nn.Module, *inputs: torch.Tensor) -> torch.Tensor:
        b = len(inputs[0])
        known = torch.as_tensor(target)
        if known.is_floating_point():
            known = known.double()
        result: torch.Tensor = layer(*inputs, known.expand(b, *known.shape))
        return result

    return _layer(name, *args, on=on, call=call, reduction="none", **options)


def _tokens(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Sum of two rows of a table, each times a number of the input."""
    rows: torch.Tensor = layer(torch.tensor([[0, 2]]).expand(len(x), 2))
    return rows.reshape(len(x), -1) * x[:, :1]


def _pooled(kind: type[nn.Module]) -> Call:
    def call(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
        values, places = kind(2, return_indices=True)(x)
        result: torch.Tensor = layer(values, places)
        return result

    return call


def _ctc(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    b = len(x)
    logs = x.log_softmax(-1).transpose(0, 1)
    result: torch.Tensor = layer(
        logs, torch.tensor([[1, 2]]).expand(b, 2), torch.full((b,), 4), torch.full((b,), 2)
    )
    return result


def _adaptive(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = layer(x, torch.full((len(x),), 2)).output
    return result


def _gaussian(layer: nn.Module, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = layer(x, torch.ones_like(x), v.square() + 0.1)
    return result


def _probability(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = layer(x.sigmoid(), torch.full_like(x, 0.3))
    return result


def _logs(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = layer(x.log_softmax(-1), torch.full_like(x, 1 / 3))
    return result


def _fixed(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """Pool over regions that are chosen beforehand, not at random.

    Returns:
        What the layer's function gives with its settings.
    """
    dims = x.ndim - 2
    result: torch.Tensor = getattr(nn.functional, f"fractional_max_pool{dims}d")(
        x, layer.kernel_size, output_size=layer.output_size,
        _random_samples=torch.full((len(x), x.shape[1], dims), 0.4).to(x),
    )  # fmt: skip
    return result


def _itself(layer: nn.Module, *inputs: torch.Tensor) -> Any:
    return layer(*(i for x in inputs for i in (x, x, x)))


def _state(layer: nn.Module, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> Any:
    return layer(x, (h, c))


def _spatial(
    name: str, dims: int, *args: Any, channels: int = 2, size: int = 4, **options: Any
) -> Case:
    return _layer(name, *args, on=(channels, *[size] * dims), **options)


_ACTIVATIONS = (
    "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "LeakyReLU", "LogSigmoid", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU",
    "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Identity",
    "AlphaDropout", "Dropout", "FeatureAlphaDropout", "Flatten",
)  # fmt: skip
_DIMENSIONS = (1, 2, 3)

LAYERS: tuple[Case, ...] = (
    *(_layer(name, on=(4,)) for name in _ACTIVATIONS),
    _layer("Threshold", 0.1, 0.5, on=(4,)),
    _layer("GLU", on=(4,)),
    *(_layer(name, -1, on=(4,)) for name in ("LogSoftmax", "Softmax", "Softmin")),
    _layer("Softmax2d", on=(2, 2, 2)),
    _layer("Linear", 3, 2),
    _layer("LazyLinear", 2),
    _layer("Bilinear", 2, 3, 2, on=[(2,), (3,)]),
    *(_spatial(f"Conv{d}d", d, 2, 1, 2, size=3) for d in _DIMENSIONS),
    *(_spatial(f"ConvTranspose{d}d", d, 2, 1, 2, size=2) for d in _DIMENSIONS),
    *(_spatial(f"LazyConv{d}d", d, 1, 2, size=3) for d in _DIMENSIONS),
    *(_spatial(f"LazyConvTranspose{d}d", d, 1, 2, size=2) for d in _DIMENSIONS),
    *(_spatial(f"BatchNorm{d}d", d, 2, size=2) for d in _DIMENSIONS),
    *(_spatial(f"InstanceNorm{d}d", d, 2, size=2, affine=True) for d in _DIMENSIONS),
    _layer("SyncBatchNorm", 2, on=(2, 2)),
    _layer("LayerNorm", 4, on=(2, 4)),
    _layer("RMSNorm", 4, on=(2, 4)),
    _layer("GroupNorm", 2, 4, on=(4, 3)),
    _layer("LocalResponseNorm", 2, on=(4, 2)),
    _layer("CrossMapLRN2d", 2, on=(4, 2, 2)),
    *(_spatial(f"{kind}Pool{d}d", d, 2) for d in _DIMENSIONS for kind in ("Avg", "Max")),
    *(_spatial(f"LPPool{d}d", d, 2, 2, channels=1) for d in _DIMENSIONS),
    *(
        _spatial(f"Adaptive{kind}Pool{d}d", d, 2, channels=1)
        for d in _DIMENSIONS for kind in ("Avg", "Max")
    ),
    *(
        _spatial(f"FractionalMaxPool{d}d", d, 2, channels=1, output_size=2, call=_fixed)
        for d in (2, 3)
    ),
    *(
        _spatial(f"MaxUnpool{d}d", d, 2, channels=1, call=_pooled(getattr(nn, f"MaxPool{d}d")))
        for d in _DIMENSIONS
    ),
    *(
        _spatial(f"{kind}Pad{d}d", d, 1, channels=1, size=2)
        for d in _DIMENSIONS for kind in ("Circular", "Reflection", "Replication", "Zero")
    ),
    *(_spatial(f"ConstantPad{d}d", d, 1, 0.5, channels=1, size=2) for d in _DIMENSIONS),
    *(_layer(f"Dropout{d}d", on=(2, *[2] * d)) for d in _DIMENSIONS),
    _layer("ChannelShuffle", 2, on=(4, 2, 2)),
    _layer("PixelShuffle", 2, on=(4, 2, 2)),
    _layer("PixelUnshuffle", 2, on=(1, 4, 4)),
    _layer("Fold", (3, 3), (2, 2), on=(4, 4)),
    _layer("Unfold", (2, 2), on=(1, 3, 3)),
    _layer("Unflatten", 1, (2, 2), on=(4,)),
    _layer("Upsample", scale_factor=2, mode="bicubic", on=(1, 3, 3)),
    _layer("UpsamplingBilinear2d", scale_factor=2, on=(1, 3, 3)),
    _layer("UpsamplingNearest2d", scale_factor=2, on=(1, 2, 2)),
    _layer("Embedding", 3, 2, on=(1,), call=_tokens),
    _layer("EmbeddingBag", 3, 2, on=(1,), call=_tokens),
    _layer("CosineSimilarity", on=[(3,), (3,)]),
    _layer("PairwiseDistance", on=[(3,), (3,)]),
    *(_layer(n, 2, 3, batch_first=True, on=(3, 2)) for n in ("RNN", "GRU", "LSTM")),
    *(_layer(n, 2, 3, on=[(2,), (3,)]) for n in ("RNNCell", "GRUCell")),
    _layer("LSTMCell", 2, 3, on=[(2,), (3,), (3,)], call=_state),
    _layer("MultiheadAttention", 4, 2, batch_first=True, on=(3, 4), call=_itself),
    _layer("TransformerEncoderLayer", 4, 2, 4, 0.0, batch_first=True, on=(3, 4)),
    _layer("TransformerDecoderLayer", 4, 2, 4, 0.0, batch_first=True, on=[(3, 4), (2, 4)]),
    _layer("Transformer", 4, 2, 1, 1, 4, 0.0, batch_first=True, on=[(3, 4), (2, 4)]),
    Case("torch.nn", "TransformerEncoder", lambda: _objective(
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 4, 0.0, batch_first=True), 2,
        ), [(2, 4)], None,
    )),
    Case("torch.nn", "TransformerDecoder", lambda: _objective(
        lambda: nn.TransformerDecoder(
            nn.TransformerDecoderLayer(4, 2, 4, 0.0, batch_first=True), 1,
        ), [(2, 4), (2, 4)], None,
    )),
    _layer("AdaptiveLogSoftmaxWithLoss", 4, 4, [2], on=(4,), call=_adaptive),
    _layer("CTCLoss", 0, "none", on=(4, 3), call=_ctc),
    _layer("GaussianNLLLoss", reduction="none", on=[(3,), (3,)], call=_gaussian),
    _layer("BCELoss", reduction="none", call=_probability),
    _layer("KLDivLoss", reduction="none", call=_logs),
    _loss("BCEWithLogitsLoss", [1.0, 0.0, 0.5]),
    _loss("CosineEmbeddingLoss", 1, on=[(3,), (3,)]),
    _loss("CrossEntropyLoss", 1),
    _loss("NLLLoss", 1),
    _loss("HingeEmbeddingLoss", [1.0, -1.0, 1.0]),
    _loss("HuberLoss", [1.0, 0.0, 3.0]),
    _loss("L1Loss", [1.0, 0.0, 3.0]),
    _loss("MSELoss", [1.0, 0.0, 3.0]),
    _loss("MarginRankingLoss", 1, on=[(), ()]),
    _loss("MultiLabelMarginLoss", [1, -1, -1]),
    _loss("MultiLabelSoftMarginLoss", [1.0, 0.0, 1.0]),
    _loss("MultiMarginLoss", 1),
    _loss("PoissonNLLLoss", [1.0, 0.0, 3.0]),
    _loss("SmoothL1Loss", [1.0, 0.0, 3.0]),
    _loss("SoftMarginLoss", [1.0, -1.0, 1.0]),
    _layer("TripletMarginLoss", reduction="none", on=[(3,), (3,), (3,)]),
    _layer("TripletMarginWithDistanceLoss", reduction="none", on=[(3,), (3,), (3,)]),
)  # fmt: skip

# What torch.nn has beside them, and why it is not here.
LEFT_OUT = {
    **dict.fromkeys(
        ("Container", "Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList",
         "RNNBase", "RNNCellBase", "Sequential"),
        "computes nothing of its own",
    ),
    "NLLLoss2d": "NLLLoss under an older name",
    "LinearCrossEntropyLoss": "linear_cross_entropy of torch.nn.functional",
}  # fmt: skip
