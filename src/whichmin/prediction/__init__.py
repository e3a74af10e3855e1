"""Predict a training run from theory, before it is made."""
