"""SGD with batches in a fixed or reshuffled order."""
