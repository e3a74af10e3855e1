"""Starts of uniform direction, and the article's script that uses them."""
