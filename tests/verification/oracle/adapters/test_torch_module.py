"""A user's module, optimiser, loop and loader are judged as they stand; others are refused."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.adapters import from_module
from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square


def tied(n, activation):
    return TiedModule(torch.zeros(n), activation)


def rectified(n):
    return tied(n, "relu")


def seeded(dataset, b, seed, **more):
    order = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, b, shuffle=True, drop_last=True, generator=order, **more)


def passes(target, check=""):
    found = judge(target, quick=True, isolation="inline", only=lambda i: i.startswith(check))
    assert not found.failures, found.markdown()
    return found


def fails(target, check):
    found = judge(target, quick=True, isolation="inline", only=lambda i: i == check)
    return {r.check for r in found.failures} == {check}


def test_a_right_module_passes_with_every_function_that_follows():
    found = passes(from_module(tied))
    judged = {r.check.partition(".")[0] for r in found.results if r.verdict == "passed"}
    assert judged == {"loss", "gradient", "step", "train", "hessian", "hessian_vector_product"}


def test_a_module_may_know_one_activation():
    target = from_module(rectified)
    assert target.WHICHMIN["activations"] == ("relu",)
    passes(target, "gradient")


def test_the_weights_may_have_another_shape():
    class Linear(torch.nn.Module):
        def __init__(self, n, activation):
            super().__init__()
            self.code = torch.nn.Linear(n, 1, bias=False)
            self.phi = torch.nn.ReLU() if activation == "relu" else torch.nn.Identity()

        def forward(self, x):
            return torch.nn.functional.linear(self.phi(self.code(x)), self.code.weight.T)

    passes(from_module(Linear), "hessian")


class Shifted(TiedModule):
    def forward(self, points):
        return super().forward(points) + 0.01


class Biased(TiedModule):
    def __init__(self, w, activation):
        super().__init__(w, activation)
        self.bias = torch.nn.Parameter(torch.zeros(1))


class Narrow(TiedModule):
    def forward(self, points):
        return super().forward(points)[:, :1].squeeze(1)


@pytest.mark.parametrize(("kind", "told"), [
    (Shifted, r"must make a module that computes w phi\(<w, x>\).*for w = .* it gives"),
    (Biased, "one trainable parameter"),
    (Narrow, r"it makes \(6,\) of \(6, 3\)"),
])  # fmt: skip
def test_another_model_is_refused(kind, told):
    with pytest.raises(InputError, match=told):
        from_module(lambda n, activation: kind(torch.zeros(n), activation))


def test_a_module_that_ignores_the_activation_is_refused():
    with pytest.raises(InputError, match="linear: for w = "):
        from_module(lambda n, activation: rectified(n))


def pairs_loop(model, optimiser, loader, loss):
    for x, y in loader:
        optimiser.zero_grad()
        loss(model(x), y).backward()
        optimiser.step()


def test_the_users_loop_is_judged():
    def adding(model, optimiser, loader, loss):
        for x in loader:
            loss(model(x), x).backward()
            optimiser.step()

    passes(from_module(tied, train_loop=pairs_loop, dataset=lambda x: TensorDataset(x, x)), "tr")
    assert fails(from_module(tied, train_loop=adding), "train.values")


def test_a_loop_that_writes_into_its_points_does_not_change_the_argument():
    def centring(model, optimiser, loader, loss):
        for x in loader:
            x -= x.mean()

    assert fails(from_module(tied, train_loop=centring), "train.values")


def test_dropout_left_on_is_judged_not_refused():
    class Dropping(TiedModule):
        def forward(self, points):
            return torch.nn.functional.dropout(super().forward(points), 0.5, self.training)

    target = from_module(lambda n, activation: Dropping(torch.zeros(n), activation))
    assert fails(target, "gradient.values")


def test_the_loader_is_judged():
    passes(from_module(tied, loader=seeded), "sample_batches")
    stuck = from_module(tied, loader=lambda data, b, seed: seeded(data, b, 0))
    assert fails(stuck, "sample_batches.seed")
    assert not hasattr(from_module(tied), "sample_batches")


def test_a_sampler_is_told_the_epoch():
    class Order(torch.utils.data.Sampler):
        def __init__(self, m):
            self.m, self.told = m, []

        def set_epoch(self, epoch):
            self.told.append(epoch)

        def __iter__(self):
            return iter(range(self.m))

        def __len__(self):
            return self.m

    made = []

    def loader(dataset, b, seed):
        made.append(Order(len(dataset)))
        return DataLoader(dataset, b, sampler=made[-1])

    found = from_module(tied, loader=loader).sample_batches(4, 2, 5, 0)
    assert found.tolist() == [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]]
    assert made[-1].told == [0, 1, 2]


def test_batches_of_unequal_size_are_a_list():
    def loader(dataset, b, seed):
        return DataLoader(dataset, b)

    found = from_module(tied, loader=loader).sample_batches(3, 2, 3, 0)
    assert [rows.tolist() for rows in found] == [[0, 1], [2], [0, 1]]


def test_an_empty_loader_is_an_error():
    target = from_module(tied, loader=lambda data, b, seed: [], declare={"sampling": "cyclic"})
    with pytest.raises(InputError, match="a batch in every epoch"):
        target.sample_batches(3, 2, 3, 0)


def test_what_is_declared_overrides_what_is_read():
    def summed(found, wanted):
        return half_mean_square(found, wanted) * len(wanted)

    assert fails(from_module(tied, loss=summed), "gradient.values")
    target = from_module(tied, loss=summed, declare={"gradient": "sum", "name": "mine"})
    assert target.WHICHMIN["name"] == "mine"
    passes(target, "gradient")
    with pytest.raises(InputError, match="gradient"):
        from_module(tied, declare={"gradient": "product"})
    passes(from_module(tied, loss=torch.nn.MSELoss(reduction="sum")))


def test_single_precision_can_be_declared():
    passes(from_module(tied, declare={"dtype": "float32"}), "gradient")


def test_the_optimisers_parameters_are_read_and_judged():
    def nesterov(parameters, lr):
        return torch.optim.SGD(parameters, lr, momentum=0.9, nesterov=True, weight_decay=0.01)

    target = from_module(rectified, optimiser=nesterov)
    assert target.WHICHMIN["optimiser"]["momentum"] == 0.9
    passes(target, "train.values")
    hidden = from_module(rectified, optimiser=nesterov, declare={"optimiser": {"name": "sgd"}})
    assert fails(hidden, "train.values")
