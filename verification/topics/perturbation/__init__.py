"""Sharpness as the rise of the loss nearby: Keskar's box, SAM's ball."""
