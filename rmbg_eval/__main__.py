"""`python -m rmbg_eval` is `rmbg-eval`."""

import sys


def main() -> None:
    """Run the command line, also where Ctrl-C comes before it is there to answer."""
    try:
        from .cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
