"""`load-demo`: the demo centre in an empty database."""

from pathlib import Path

import click
import psycopg

from config.database import db, transaction
from portal import jobs, keys, schema
from portal.app import create_app
from portal.cli import options
from portal.cli.attached import with_database
from portal.demo import centre
from portal.programs import DEMO_KEYS
from rental import units


def _look_at_once() -> None:
    """Let the worker ask the new devices now and not at its next turn."""
    link = db.session.connection().connection.driver_connection
    if not isinstance(link, psycopg.Connection):
        raise TypeError(f"jobs are deferred through psycopg, not {type(link).__name__}")
    for site in units.sites():
        jobs.defer(link, "poll", site.slug)
        jobs.defer(link, "collect_evidence", site.slug)


@click.command(name="load-demo")
@options.data
def load_demo(data: Path | None) -> None:
    """Fill an empty database with the demo centre; a filled one is left alone."""
    with with_database(data) as settings:
        app = create_app(settings)
        schema.upgrade(app)
        with app.app_context(), transaction():
            demo = centre.Demo(keyring=keys.keyring(settings), keys=settings.data / DEMO_KEYS)
            loaded = centre.load(demo)
            if loaded:
                _look_at_once()
    click.echo("The demo centre is loaded." if loaded else "The database has its records already.")
