"""The command `macvlan`: python -m macvlan."""

from __future__ import annotations

import signal
import sys

from macvlan._macvlan import run_command


def main() -> int:
    """Runs the command with the arguments of this process and returns its exit status."""
    # Python's own handler would take effect only after the command.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command(["macvlan", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
