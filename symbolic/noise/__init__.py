"""Gradient noise in closed form: covariance, noise scales, sampling and limits."""
