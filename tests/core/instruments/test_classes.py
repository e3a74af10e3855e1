"""Traces from one pass per output against dense Hessians, and where they must not be taken."""

import pytest
import torch
from torch import nn

from whichmin.core.instruments import (
    classes,
    estimate_trace,
    ghosts,
    hessian_matrix,
    module_objective,
)
from whichmin.errors import InputError


class Residual(nn.Module):
    """A sum of branches, a mean over the image, and a constant factor."""

    def __init__(self):
        super().__init__()
        self.first, self.inner = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.norm, self.last = nn.BatchNorm2d(3), nn.Linear(3, 4)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = torch.relu(x + 0.5 * self.norm(self.inner(x)))
        return self.last(x.mean((2, 3)))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.last = nn.Embedding(7, 3), nn.Linear(3, 4)

    def forward(self, x):
        return self.last(torch.relu(self.words((10 * x.abs()).long() % 7)).mean(1))


def mlp(act=nn.ReLU, last=4):
    return nn.Sequential(nn.Linear(72, 5), act(), nn.Linear(5, 6), act(), nn.Linear(6, last))


def images(*parts):
    return nn.Sequential(nn.Unflatten(1, (2, 6, 6)), *parts)


NETS = {
    "mlp": mlp,
    "leaky": lambda: mlp(lambda: nn.LeakyReLU(0.2)),
    "hard": lambda: mlp(nn.Hardtanh),
    "cnn": lambda: images(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 2), nn.Dropout(0.5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(6, 4),
    ),
    "residual": lambda: images(Residual()),
    "words": Words,
}  # fmt: skip
LOSSES = {
    "cross entropy": nn.CrossEntropyLoss,
    "smoothed": lambda **options: nn.CrossEntropyLoss(label_smoothing=0.3, **options),
    "squares": nn.MSELoss,
    "sigmoids": nn.BCEWithLogitsLoss,
}


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


def made(net, loss="cross entropy", *, reduction="mean", dtype=torch.float64, **options):
    x, y = torch.randn(11, 72, dtype=dtype), torch.arange(11) % 4
    if loss in {"squares", "sigmoids"}:
        y = torch.rand(11, 4, dtype=dtype)
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.5, 2)
    function = LOSSES[loss](reduction=reduction)
    return module_objective(
        net.to(dtype), function, (x, y), mode="eval", reduction=reduction, **options
    )


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", NETS)
def test_the_dense_hessian(name, reduction):
    objective = made(NETS[name](), reduction=reduction, chunk_size=4, weight_decay=0.01)
    found = estimate_trace(objective, method="classes")
    assert found.value == pytest.approx(float(hessian_matrix(objective).trace()), rel=1e-10)
    assert (found.method, found.standard_error, found.reached) == ("classes", 0, True)
    assert found.products == 3  # the fourth eigenvalue of diag(p) - p p^T is 0
    assert found.interval() == (found.value, found.value)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss):
    objective = made(mlp(), loss)
    found = estimate_trace(objective)
    assert found.method == "classes"
    assert found.value == pytest.approx(float(hessian_matrix(objective).trace()), rel=1e-10)


def test_no_reduction():
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5, 3.0]), reduction="none")
    x, y = torch.randn(11, 72).double(), torch.arange(11) % 4
    objective = module_objective(mlp().double(), loss, (x, y), reduction="none", chunk_size=3)
    found = estimate_trace(objective, method="classes")
    assert found.value == pytest.approx(float(hessian_matrix(objective).trace()), rel=1e-10)


def test_two_routes():
    objective = made(mlp(), dtype=torch.float32)
    passes, sampled = (estimate_trace(objective, method=m) for m in ("classes", "xtrace"))
    low, high = sampled.interval(1 - 1e-6)
    assert low < passes.value < high
    wide = estimate_trace(made_again(objective), method="classes")
    assert passes.value == pytest.approx(wide.value, rel=1e-4)


def made_again(objective):
    x, y = next(objective.data.chunks(99))
    return module_objective(objective.module, nn.CrossEntropyLoss(), (x, y), dtype="float64")


def test_a_linear_loss_has_none():
    objective = module_objective(
        mlp().double(), lambda z, _: z.sum(1).mean(), (torch.randn(5, 72).double(), torch.zeros(5))
    )
    found = estimate_trace(objective, method="classes")
    assert (found.value, found.products) == (0, 0)


class Odd(nn.Module):
    """Layers that are watched, and something beside them."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.first, self.last = kind, nn.Linear(72, 72), nn.Linear(72, 4)

    def forward(self, x):
        hidden = self.first(x)
        if self.kind == "product":
            hidden = hidden * x.roll(1, 1) * hidden
        elif self.kind == "twice":
            hidden = self.first(hidden)
        elif self.kind == "beside":
            hidden = hidden + (self.first.weight**2).sum(1)
        elif self.kind == "bias":
            hidden = hidden + self.first.bias
        elif self.kind == "instances":
            hidden = nn.functional.instance_norm(hidden[:, None])[:, 0]
        return self.last(hidden)


class Square(torch.autograd.Function):
    """Twice differentiable, and of a name that linear operations have."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(("net", "message"), [
    (lambda: mlp(nn.Tanh), "Tanh is not linear"), (lambda: mlp(nn.GELU), "Gelu is not linear"),
    (lambda: mlp(nn.Softplus), "Softplus is"), (lambda: mlp(lambda: Function(Square.apply)),
     "SquareBackward is not"), (lambda: Odd("product"), r"a product \(Mul\) is not"),
    (lambda: Odd("twice"), "called once"), (lambda: Odd("beside"), "Pow is not"),
    (lambda: Odd("bias"), "used beside"), (lambda: Odd("instances"), "is not linear"),
    (lambda: nn.Sequential(nn.Linear(72, 4), nn.PReLU()), "layers of torch.nn"),
    (lambda: nn.Sequential(nn.Linear(72, 9), nn.LayerNorm(9), nn.Linear(9, 4)), "NativeLayerNorm"),
    (lambda: nn.Sequential(nn.Linear(72, 4), nn.Softmax(1)), "Softmax is not"),
])  # fmt: skip
def test_refused(net, message):
    objective = made(net())
    with pytest.raises(InputError, match=f"method = 'classes', but must be another.*{message}"):
        estimate_trace(objective, method="classes")
    assert estimate_trace(objective, target=0.5).method in {"xtrace", "hutch++"}


def test_many_outputs_are_left_to_sampling():
    net = mlp(last=70)
    objective = made(net)
    assert estimate_trace(objective, target=0.5).method == "xtrace"
    with pytest.raises(InputError, match="each of 70 outputs takes a pass, and 69 are allowed"):
        estimate_trace(objective, method="classes", max_products=69)
    found = estimate_trace(objective, method="classes")
    assert found.value == pytest.approx(float(hessian_matrix(objective).trace()), rel=1e-10)


def test_another_engine_keeps_its_products():
    assert estimate_trace(made(mlp()), engine="differences", target=0.5).method != "classes"


def test_a_closure_is_refused():
    from whichmin.core.instruments import closure_objective

    with pytest.raises(InputError, match="takes a module"):
        estimate_trace(closure_objective(lambda w: (w**2).sum(), [1.0]), method="classes")


@pytest.mark.parametrize("name", ["cnn", "residual"])
def test_a_wrong_formula_of_a_layer_is_noticed(name, monkeypatch):
    right = ghosts._SQUARES[nn.Conv2d]
    monkeypatch.setitem(
        ghosts._SQUARES, nn.Conv2d, lambda *a: {k: 1.001 * v for k, v in right(*a).items()}
    )
    with pytest.raises(InputError, match="used beside"):
        estimate_trace(made(NETS[name]()), method="classes")


def test_an_operation_that_is_wrongly_listed_is_noticed(monkeypatch):
    monkeypatch.setattr(classes, "_LINEAR", classes._LINEAR | {"Tanh"})
    with pytest.raises(InputError, match="curved otherwise"):
        estimate_trace(made(mlp(nn.Tanh)), method="classes")


def test_the_module_is_left_as_it_was():
    net = NETS["cnn"]()
    estimate_trace(made(net), method="classes")
    assert not any(part._forward_hooks for part in net.modules())
    assert all(p.grad is None for p in net.parameters())
