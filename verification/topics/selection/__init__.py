"""Which data point mini-batch SGD selects, and how soon."""
