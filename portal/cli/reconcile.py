"""`reconcile`: takes a bank's file in and matches what is certain."""

import json
import sys
from pathlib import Path

import click
import sqlalchemy as sa
from pydantic import ValidationError

from billing.bank import intake, matches
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.models import WAITING, BankEntry
from config.database import db, transaction
from config.errors import Invalid
from portal.cli import options
from portal.cli.attached import with_records


class BadMapping(Invalid):
    """The mapping is not as it should be; see docs/guide/bank.md for its keys."""


@click.command()
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--account", default="", help="The account the file is of; CSV does not say it.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file that says what the columns of a CSV are; kept for the account.",
)
@options.data
def reconcile(path: Path, account: str, mapping: Path | None, data: Path | None) -> None:
    """Take in the bank statement FILE (MT940, CAMT.053 or CSV) and match what is certain.

    Exits with 3 where bookings wait for a person, with 1 where the file was refused.
    """
    file = BankFile(path.name, path.read_bytes(), account, _read(mapping))
    with with_records(data):
        with transaction():
            statements = intake.take_in(file, by=None)
            counts = matches.run([one.id for one in statements])
        for one in statements:
            days = f"{one.starts_on} to {one.ends_on}" if one.starts_on else "no bookings"
            click.echo(
                f"{one.format} of account {one.account}, {days}: {one.new_rows} new, "
                f"{one.known_rows} known already"
            )
        waiting = db.session.scalar(
            sa.select(sa.func.count(BankEntry.id)).where(BankEntry.state.in_(WAITING))
        )
        click.echo(
            f"{counts.matched} matched, {counts.queued} wait for a person ({waiting} in all)"
        )
    if counts.queued:
        sys.exit(3)


def _read(path: Path | None) -> Mapping | None:
    if path is None:
        return None
    try:
        return Mapping.model_validate(json.loads(path.read_text("utf-8")))
    except (ValueError, ValidationError) as wrong:
        raise BadMapping(f"The mapping {path.name} cannot be read: {wrong}") from None
