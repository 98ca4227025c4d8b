"""``python -m allocator`` and the command ``allocator``: Ctrl-C while the program is still being read shows no trace."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Entry point of the command ``allocator``."""
    try:
        from allocator.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
