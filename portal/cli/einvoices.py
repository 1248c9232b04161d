"""`einvoices`: hand in what waits, now; queue what was issued and never queued."""

from pathlib import Path

import click

from billing.einvoice import adapters, overview, submissions
from billing.einvoice.overview import Asked
from config.database import transaction
from portal.cli import options
from portal.cli.attached import with_records
from portal.rounds import einvoices as rounds

# Errors that are named; the page of finance has them all.
SHOWN = 20


@click.command()
@click.option(
    "--queue-missing", is_flag=True, help="First queue issued documents without a record."
)
@options.data
def einvoices(queue_missing: bool, data: Path | None) -> None:  # noqa: FBT001  # click's own way
    """Hand issued documents in to the provider; exit 1 if some are refused or were not taken."""
    with with_records(data) as settings:
        provider = adapters.provider(settings)
        if queue_missing:
            with transaction():
                queued = [submissions.queue(document) for document in overview.missing()]
            click.echo(f"{len(queued)} documents queued that had no record.")
        accepted = rounds.work(provider, most=10**6)
        failing = overview.count_failing()
        click.echo(f"{accepted} accepted by {provider.name}; {failing} wait with an error.")
        for each in overview.unsettled(Asked(only_failing=True), limit=SHOWN):
            click.echo(f"{each.key}: {each.failed}", err=True)
        if failing:
            raise SystemExit(1)
