"""The Hessian at minima: trace, eigenvalues, determinant, flatness."""
