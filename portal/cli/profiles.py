"""`profiles`: the device types that SNMP discovery knows, and whether their files are sound."""

import sys
from pathlib import Path

import click

from monitoring.probes.profiles import FOLDER, Shelf


@click.group()
def profiles() -> None:
    """Device types of `config/profiles`: what devices of a kind are asked for."""


@profiles.command(name="list")
def list_() -> None:
    """Print every profile with what it measures."""
    for profile in Shelf(FOLDER).profiles:
        click.secho(f"{profile.name:<20}", bold=True, nl=False)
        click.echo(f" {profile.title}: {len(list(profile.oids()))} values; {profile.source}")


@profiles.command()
@click.argument(
    "folder", default=FOLDER, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def check(folder: Path) -> None:
    """Read every profile of FOLDER and name each mistake with its file and line; exit 1 then."""
    found = Shelf(folder)
    for fault in found.faults:
        click.secho(fault, fg="red", err=True)
    count = len(found.profiles)
    click.echo(f"{count} profiles are sound." if not found.faults else f"{count} others are sound.")
    sys.exit(1 if found.faults else 0)
