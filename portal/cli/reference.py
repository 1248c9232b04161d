"""`access`: the table of who may do what, as the reference prints it."""

import click

from portal.access import as_markdown


@click.command()
def access() -> None:
    """Print who may do what, as docs/reference/access.md has it."""
    click.echo(as_markdown(), nl=False)
