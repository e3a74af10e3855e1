"""Cyclic and reshuffled orders: where SGD ends when the order of the data is fixed or shuffled."""
