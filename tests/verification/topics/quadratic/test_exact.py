from fractions import Fraction

from whichmin.verification.topics.quadratic.exact import (
    batch_means,
    covariance_step,
    loss,
    moments,
    product,
    turned,
)

F = Fraction
ONE = ((F(1), F(0)), (F(0), F(1)))
H = ((F(2), F(0)), (F(0), F(1)))


def test_turning_is_undone():
    assert turned(turned(H), back=True) == H
    assert turned(H) != H
    assert product(turned(H), ONE) == turned(H)


def test_batches_are_listed():
    points = ((F(-1),), (F(0),), (F(1),))
    assert len(list(batch_means(points, 2, replacement=True))) == 9
    assert sorted(batch_means(points, 2, replacement=False)) == [(F(-1, 2),), (F(0),), (F(1, 2),)]


def test_the_mean_of_a_batch_has_a_bth_of_the_variance():
    points = ((F(-1), F(2)), (F(0), F(-3)), (F(1), F(1)))
    _, single = moments(points)
    mean, pair = moments(list(batch_means(points, 2, replacement=True)))
    assert mean == (0, 0)
    assert pair == tuple(tuple(entry / 2 for entry in row) for row in single)


def test_one_step():
    noise = ((F(1), F(0)), (F(0), F(4)))
    assert covariance_step(ONE, H, noise, F(1, 2)) == ((F(1, 4), F(0)), (F(0), F(5, 4)))
    assert loss((F(1), F(2)), H) == 3
