"""Mini-batch SGD: its limits, its convergence and the random walk behind it."""
