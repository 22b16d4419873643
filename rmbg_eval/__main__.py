"""`python -m rmbg_eval` is `rmbg-eval`."""

from .cli import main

main()
