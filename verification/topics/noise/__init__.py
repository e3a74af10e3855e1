"""Gradient noise: its covariance, noise scales, and what batches make of it."""
