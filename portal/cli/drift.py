"""`drift`: whether the numbered migrations make what the models describe."""

import sys
import tempfile
from pathlib import Path

import click
import sqlalchemy as sa

from config import embedded
from portal import schema


@click.command()
@click.option("--write", metavar="TITLE", help="Write the next numbered migration from it.")
def drift(write: str | None) -> None:
    """Migrate a new database from empty and compare it with the models; exit 1 if they differ."""
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        engine = sa.create_engine(url)
        with engine.begin() as link:
            schema.upgrade_on(link)
            found = schema.drift(link)
            if found and write:
                schema.write_migration(link, write)
        engine.dispose()
    for difference in found:
        click.echo(str(difference))
    if found:
        click.secho("Write the migration that is missing.", fg="red", err=True)
        sys.exit(1)
    click.echo("The migrations make what the models describe.")
