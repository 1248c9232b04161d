"""`load-demo`: the demo centre in an empty database."""

from pathlib import Path

import click

from config.database import transaction
from portal import keys, schema
from portal.app import create_app
from portal.cli import options
from portal.demo import centre
from portal.process_tree import DEMO_KEYS


@click.command(name="load-demo")
@options.data
def load_demo(data: Path | None) -> None:
    """Fill an empty database with the demo centre; a filled one is left alone."""
    with options.with_database(data) as settings:
        app = create_app(settings)
        schema.upgrade(app)
        with app.app_context(), transaction():
            demo = centre.Demo(keyring=keys.keyring(settings), keys=settings.data / DEMO_KEYS)
            loaded = centre.load(demo)
    click.echo("The demo centre is loaded." if loaded else "The database has its records already.")
