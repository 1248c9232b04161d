"""`policies`: the security rules of `config/policies`, and whether their files are sound."""

import sys
from pathlib import Path

import click

from monitoring import rule_check, rules


@click.group()
def policies() -> None:
    """Security rules of `config/policies`: what is asked of devices."""


@policies.command(name="list")
def list_() -> None:
    """Print every rule with its severity and platforms."""
    for rule in rules.load():
        click.secho(f"{rule.id:<6}", bold=True, nl=False)
        click.echo(f" {rule.severity.value:<9} {rule.title.en} ({', '.join(rule.platforms)})")


@policies.command()
@click.argument(
    "folder", default=rules.FOLDER, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def check(folder: Path) -> None:
    """Read every rule of FOLDER, try its examples, name each mistake with file and rule.

    Exits with 1 if there is any.
    """
    found = rule_check.check(folder)
    for fault in found.faults:
        click.secho(str(fault), fg="red", err=True)
    tried = sum(map(len, found.examples.values()))
    verdict = "all as said" if not found.faults else f"{len(found.faults)} mistakes"
    click.echo(f"{len(found.rules)} rules, {tried} examples: {verdict}.")
    sys.exit(1 if found.faults else 0)
