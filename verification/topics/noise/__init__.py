"""The noise of mini-batch gradients: covariance and noise scales."""
