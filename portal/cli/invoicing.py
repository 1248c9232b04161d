"""`invoice-run`: invoice what is complete, now."""

from datetime import datetime
from pathlib import Path

import click

from billing import due_charges, invoice_runs
from billing.due_charges import UnitDue
from billing.invoice_runs import NewRun
from billing.models import Grouping
from config import clock
from config.database import transaction
from portal.cli import options
from portal.cli.attached import with_records
from portal.rounds import invoice_runs as rounds

WHY = {
    "not_over": "not over yet",
    "not_returned": "not returned yet",
    "buyer": "the codes of the buyer are wrong",
    "proposal": "a proposal waits for a decision",
}


@click.command(name="invoice-run")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day; yesterday if not given."
)
@click.option(
    "--per",
    type=click.Choice([each.value for each in Grouping]),
    default=Grouping.BOOKING.value,
    help="One invoice for each booking or for each unit.",
)
@click.option("--issue", is_flag=True, help="Issue the invoices; without it they stay drafts.")
@click.option("--preview", is_flag=True, help="Say what would be written, and write nothing.")
@options.data
def invoice_run(
    until: datetime | None,
    per: str,
    issue: bool,  # noqa: FBT001  # click's own way to hand over a flag
    preview: bool,  # noqa: FBT001
    data: Path | None,
) -> None:
    """Invoice what is complete and waits; exit 1 if something could not be written."""
    grouping = Grouping(per)
    with with_records(data):
        day = until.date() if until else clock.yesterday()
        found = due_charges.due(day, grouping)
        if preview:
            _tell(found)
            return
        if not any(one.groups for one in found):
            _tell(found)
            click.echo("Nothing waits for an invoice.")
            return
        with transaction():
            run_id = invoice_runs.start(NewRun(day, grouping, issue), by=None).id
        rounds.work(run_id)
        run = invoice_runs.get(run_id)
        failures = [(row.unit.name, failure) for row in run.units for failure in row.failures]
        what = "invoices issued" if issue else "drafts written"
        click.echo(f"{run.invoices} {what} for {len(run.units)} units, {run.total.text()}.")
        for unit, failure in failures:
            click.echo(f"{unit}: {failure['words']}", err=True)
        if failures:
            raise SystemExit(1)


def _tell(found: list[UnitDue]) -> None:
    for one in found:
        click.echo(f"{one.unit.name}: {len(one.groups)} invoices, {one.total.text()}")
        for held in one.held:
            click.echo(f"  held back: {held.booking.reference}, {WHY[held.why.value]}")
