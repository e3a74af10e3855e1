"""The noisy quadratic: linear scaling, warm-up, critical batch size."""
