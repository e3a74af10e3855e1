"""Stationary densities of diffusions, and exits from minima."""
