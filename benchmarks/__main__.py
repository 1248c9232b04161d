"""Runs every benchmark after the other: `make bench`, on a machine that does nothing else."""

import subprocess
import sys

ALL = (
    "benchmarks.http_bookings",
    "benchmarks.polling",
    "benchmarks.starting",
    "benchmarks.pricing",
)


def main() -> None:
    """Stop at the first that fails."""
    for name in ALL:
        print(f"\n== {name}\n", flush=True)
        subprocess.run([sys.executable, "-W", "ignore", "-m", name], check=True)


if __name__ == "__main__":
    main()
