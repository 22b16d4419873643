"""Array code under the measures, compiled by numba where it is worth it."""
