"""Stationary laws: densities of noisy steps, and exits from wells."""
