"""Training runs: from arguments to results, with checkpoints, trajectories and ensembles."""
