"""Rises of the loss near a minimum in closed form: Keskar's box and SAM's ball."""
