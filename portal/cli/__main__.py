"""`python -m portal.cli` is `media-center`."""

from portal.cli import main

main()
