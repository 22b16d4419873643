"""The command line `rmbg-eval`."""

from .app import main

__all__ = ["main"]
