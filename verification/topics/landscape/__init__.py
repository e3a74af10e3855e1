"""The loss, its minima and critical points, and what every step keeps."""
