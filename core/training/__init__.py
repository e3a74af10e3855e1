"""Train the model: runs, results, checkpoints, trajectories and ensembles."""
