"""`import`, `token` and `password`: what an administrator writes into the records."""

from pathlib import Path

import click

from config.database import transaction
from portal import signin, tokens
from portal.catalogue_files import loading
from portal.cli import options
from portal.cli.attached import with_records
from rental import journal, units


@click.command(name="import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@options.data
def import_(path: Path, data: Path | None) -> None:
    """Load a catalogue from PATH (YAML, CSV or a folder): the whole of it or nothing."""
    with with_records(data):
        with transaction():
            imported = loading.import_file(path)
        for line in imported.lines():
            click.echo(line)


@click.command()
@click.argument("member_email")
@click.option("--name", default="command line", help="What the token is for.")
@options.data
def token(member_email: str, name: str, data: Path | None) -> None:
    """Print a new API token of MEMBER_EMAIL, the only time it can be read."""
    with with_records(data):
        with transaction():
            plain = tokens.issue(units.member_by_email(member_email), name)
        click.echo(plain)


@click.command()
@click.argument("member_email")
@options.data
def password(member_email: str, data: Path | None) -> None:
    """Give MEMBER_EMAIL a new password, asked for twice or read from standard input.

    Every session of the member ends. The first administrator of a new centre gets in this way.
    """
    chosen = options.secret("New password")
    with with_records(data):
        with transaction():
            member = units.member_by_email(member_email)
            signin.set_password(member, chosen)
            journal.record(member, "password_set", by=None)
        click.echo(f"{member.email} signs in with the new password from now on.")
