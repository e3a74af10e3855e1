"""Rises of the loss near a minimum: Keskar's box, SAM's ball, and rankings by them."""
