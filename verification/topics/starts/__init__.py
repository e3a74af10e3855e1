"""Starts: Gaussian starting weights and the published script."""
