"""A run: every model over every case, measured, in one folder."""
