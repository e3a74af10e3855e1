"""How batches are drawn: sampling schemes and their laws."""
