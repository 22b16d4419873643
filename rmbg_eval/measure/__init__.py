"""Measures: pure functions from a cut-out (and its truth) to a number, and records of them."""
