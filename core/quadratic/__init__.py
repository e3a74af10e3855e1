"""The noisy quadratic: moments along SGD, the linear scaling rule and the critical batch size."""
