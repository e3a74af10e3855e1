"""The noisy quadratic in closed form: recursion, linear scaling and critical batch size."""
