"""Noise of the gradient: covariance over the data, noise scales, single samples' gradients."""
