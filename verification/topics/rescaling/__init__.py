"""Rescaled layers: one function at any sharpness, layer-wise steps, posteriors."""
