"""Tables that the command line prints: sharpness, noise and ensembles."""
