"""Rescaled layers in closed form: what moves, step sizes per layer, and posteriors."""
