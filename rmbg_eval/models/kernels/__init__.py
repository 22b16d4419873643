"""What numba compiles: imported only where something is refined."""
