"""Which data point SGD ends at: moments of a step, and laws of the choice."""
