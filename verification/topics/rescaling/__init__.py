"""Rescaled layers: sharpness without a change of function, LARS and LAMB, posteriors."""
