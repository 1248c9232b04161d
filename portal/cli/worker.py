"""`worker`: jobs, and the clock."""

from pathlib import Path

import click

from portal.cli import options
from portal.worker import work


@click.command()
@click.option("--site", help="Take the jobs of this site only: a worker inside a remote site.")
@click.option(
    "--except",
    "without",
    multiple=True,
    metavar="SLUG",
    help="Leave this site's jobs to its own worker; may be given several times.",
)
@options.data
def worker(site: str | None, without: tuple[str, ...], data: Path | None) -> None:
    """Run jobs and stand by as the clock; any number of machines may."""
    work(options.settings_for(data), site, without)
