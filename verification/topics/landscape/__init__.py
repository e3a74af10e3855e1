"""The landscape: the loss, its gradient, minima, critical points and symmetries."""
