"""The noisy quadratic: the linear scaling rule, warm-up and the critical batch size."""
