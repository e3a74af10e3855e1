"""The loss in closed form: its definition, gradient, minima and critical points."""
