"""Rescaled layers: networks along a rescaling, step sizes per layer, and Gaussian posteriors."""
