"""The Hessian at the minima: trace, spectrum, conventions at the kink, and flatness."""
