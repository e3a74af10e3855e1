"""Predict the outcome of a training run from theory, without training."""
