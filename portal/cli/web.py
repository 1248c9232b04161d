"""`web`: the web server alone."""

import subprocess
import sys
from pathlib import Path

import click
from flask import Flask

from portal import shape
from portal.app import create_app
from portal.cli import options
from portal.web import serve


def upgrade_if_needed(app: Flask) -> None:
    """Migrate in a process of its own: what that takes, the web need not carry."""
    with app.app_context():
        if shape.is_current():
            return
    done = subprocess.run([sys.executable, "-m", "portal.cli", "upgrade"], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--socket", type=int, help="Serve on this open descriptor instead.")
@click.option("--upgrade", is_flag=True, help="Migrate the database before serving.")
@options.data
def web(port: int, host: str, socket: int | None, *, upgrade: bool, data: Path | None) -> None:
    """Serve pages and API; any number of machines may."""
    settings = options.settings_for(data)
    app = create_app(settings)
    if upgrade:
        upgrade_if_needed(app)
    shown = f"[{host}]" if ":" in host else host
    serve(app, settings, f"fd://{socket}" if socket is not None else f"{shown}:{port}")
