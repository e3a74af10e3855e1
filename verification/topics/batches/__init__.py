"""Batches: how index streams are drawn, and the laws of what they hold."""
