"""Two runs: what changed, and whether a gate stops at it."""
