"""Full-batch gradient descent: its limit, its rates and its step sizes."""
