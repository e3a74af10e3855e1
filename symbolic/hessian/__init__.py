"""The Hessian in closed form: trace, spectrum, log-determinant and relative flatness."""
