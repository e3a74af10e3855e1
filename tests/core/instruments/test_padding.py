"""Rows for padding in embeddings that a module looks up itself."""

import pytest
import torch
from torch import nn
from torch.nn.functional import embedding, linear

from whichmin.core.instruments import gradient_noise, hessian_matrix, module_objective
from whichmin.errors import InputError


class Own(nn.Module):
    """An embedding by hand, with row 0 for padding; ``tied`` uses it for the outputs too."""

    def __init__(self, *, row=0, scale=1, tied=False):
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        self.table = nn.Parameter(torch.randn(5, 3, generator=draws))
        self.out = nn.Parameter(torch.randn(5, 3, generator=draws))
        self.row, self.scale, self.tied = row, scale, tied

    def forward(self, x):
        found = embedding(x, self.table * self.scale if self.scale != 1 else self.table, self.row)
        return linear(found.mean(1).tanh(), self.table if self.tied else self.out)


def objective(**kind):
    words = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 1, 0], [2, 2, 3]])
    return module_objective(
        Own(**kind).double(), nn.CrossEntropyLoss(), (words, torch.tensor([0, 1, 2, 4]))
    )


@pytest.mark.parametrize("row", [0, -5])
def test_the_row_is_held(row):
    held = objective(row=row)
    assert not held.gradient()[:3].any()
    assert held.gradient()[3:15].any()
    step = 1e-5
    one = torch.eye(held.size).double()
    exact = torch.stack([
        (held.gradient(held.point + step * e) - held.gradient(held.point - step * e)) / (2 * step)
        for e in one
    ])  # fmt: skip
    # Differences: the third derivatives, of size 1, times 1e-10, and roundoff over the step.
    torch.testing.assert_close(hessian_matrix(held), exact, rtol=0, atol=1e-8)
    assert gradient_noise(held).trace > 0


@pytest.mark.parametrize("kind", [{"tied": True}, {"scale": 2}])
def test_a_row_that_matters_elsewhere_is_refused(kind):
    with pytest.raises(InputError, match=r"differences of the loss contradict.*embedding in Own"):
        hessian_matrix(objective(**kind))
