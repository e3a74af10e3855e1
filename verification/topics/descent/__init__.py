"""Gradient descent: one step, limits, rates, and the step sizes that keep them."""
