"""More pictures than one process, or one machine, takes: runs in parts, and what they will cost."""
