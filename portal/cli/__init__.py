"""The command line: `media-center`. A command's module is imported when the command is asked for.

So `media-center redact` needs neither Flask nor a database, and answers at once.
"""

import importlib
import sys

import click

from config.errors import Refusal

# command → the module and the function behind it
COMMANDS = {
    "run": "portal.cli.running:run",
    "web": "portal.cli.web:web",
    "worker": "portal.cli.worker:worker",
    "upgrade": "portal.cli.database:upgrade",
    "backup": "portal.cli.database:backup",
    "restore": "portal.cli.database:restore",
    "doctor": "portal.cli.doctor:doctor",
    "import": "portal.cli.records:import_",
    "token": "portal.cli.records:token",
    "password": "portal.cli.records:password",
    "credential": "portal.cli.credentials:credential",
    "rotate-key": "portal.cli.credentials:rotate_key",
    "load-demo": "portal.cli.demo:load_demo",
    "poll-once": "portal.cli.polling:poll_once",
    "invoice-run": "portal.cli.invoicing:invoice_run",
    "einvoices": "portal.cli.einvoices:einvoices",
    "reconcile": "portal.cli.reconcile:reconcile",
    "traffic": "portal.cli.traffic:traffic",
    "devices": "portal.cli.inventory:devices",
    "probe": "portal.cli.devices:probe",
    "profiles": "portal.cli.profiles:profiles",
    "policies": "portal.cli.policies:policies",
    "audit": "portal.cli.devices:audit",
    "redact": "portal.cli.devices:redact",
    "drift": "portal.cli.drift:drift",
    "access": "portal.cli.reference:access",
}


class Commands(click.Group):
    """The commands by name, imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every name, in the order people read about them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command behind a name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _colon, function = place.partition(":")
        command = getattr(importlib.import_module(module), function)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="media-center")
def commands() -> None:
    """Rentals, invoices and device health of a media centre, on one record."""


def main() -> None:
    """Run the command line; a refusal prints its message and exits with 1."""
    try:
        commands(prog_name="media-center")
    except Refusal as refused:
        click.secho(refused.message, err=True, fg="red")
        sys.exit(1)
