"""What people decided by eye of a run's cut-outs: kept, merged, and counted."""
