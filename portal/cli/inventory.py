"""`devices`: many devices at once, from a file and into one."""

from pathlib import Path
from typing import IO, cast

import click

from config.database import db, transaction
from config.errors import Invalid
from monitoring import devices as inventory
from portal.cli import options
from portal.cli.attached import with_records
from portal.pages.booking_files.grids import MOST_BYTES
from portal.pages.device_files import columns, giving, importing
from portal.pages.device_files.drafts import Draft, Row, Verdict
from portal.pages.device_files.importing import SentDevices

NOTHING_WRITTEN = "Nothing was imported; correct the rows named and import the file again."


@click.group()
def devices() -> None:
    """Import many devices from a file, or write them into one."""


@devices.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would become of each row; write nothing.")
@options.data
def import_(file: Path, data: Path | None, *, dry_run: bool) -> None:
    """Add and change the devices of FILE (CSV, XLSX, YAML): the whole of it or nothing."""
    # One byte more than is taken tells that there is more.
    with file.open("rb") as opened:
        sent = SentDevices(file.name, opened.read(MOST_BYTES + 1))
    with with_records(data):
        with transaction():
            draft = importing.preview(sent)
            _print(draft)
            if not draft.is_good:
                raise Invalid(NOTHING_WRITTEN)
        if dry_run:
            click.echo("Nothing was written.")
            return
        with transaction():
            importing.take_in(SentDevices(sent.filename, sent.content, draft.digest), by=None)
        click.echo("Imported.")


def _print(draft: Draft) -> None:
    for row in draft.rows:
        if row.verdict is not Verdict.UNCHANGED:
            click.echo(f"row {row.number}: {row.name or '(no name)'}: {row.verdict.value}")
        _print_more(row)
    counts = draft.counts
    click.echo(", ".join(f"{counts[verdict.value]} {verdict.value}" for verdict in Verdict))


def _print_more(row: Row) -> None:
    for problem in row.problems:
        click.secho(f"  {columns.plainly(problem)}", fg="red")
    for note in row.notes:
        click.secho(f"  {columns.plainly(note)}", fg="yellow")
    if row.verdict is Verdict.CHANGED:
        for each in row.changes:
            click.echo(f"  {each.field}: {each.was or '(empty)'} → {each.becomes or '(empty)'}")


@devices.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--site", help="The devices of this site only.")
@options.data
def export(file: Path, site: str | None, data: Path | None) -> None:
    """Write the devices in use into FILE; its ending (.csv, .xlsx, .yml) says in which form."""
    form = file.suffix.lower().removeprefix(".").replace("yaml", "yml")
    if form not in giving.MEDIA_TYPES:
        raise Invalid("Name the file with .csv, .xlsx or .yml at its end.")
    with with_records(data):
        found = inventory.search(inventory.Wanted(site=site))
        with file.open("wb") as out:
            giving.write(found, form, cast("IO[bytes]", out), spoken=False)
        count = len(found)
        db.session.rollback()
    click.echo(f"{count} devices are in {file}.")
