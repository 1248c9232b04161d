"""`run`: the service as one process tree."""

from pathlib import Path

import click

from portal import programs
from portal.cli import options
from portal.demo.sign_ins import PASSWORD, SIGN_INS


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--demo", is_flag=True, help="Fill an empty database with the demo centre.")
@options.data
def run(port: int, host: str, *, demo: bool, data: Path | None) -> None:
    """Run the whole service on this machine; Ctrl-C stops all of it."""

    def tell(address: str) -> None:
        click.secho(f"\nMedia Center answers at {address}", bold=True)
        if demo:
            click.echo(f"Sign in with the password {PASSWORD} as one of")
            for email in SIGN_INS:
                click.echo(f"  {email}")
        click.echo("Ctrl-C stops it.\n")

    settings = options.settings_for(data, log_format="text")
    programs.run(settings, programs.Wish(host, port, demo, tell))
