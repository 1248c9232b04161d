"""`poll-once`: one cycle of polling, now."""

from pathlib import Path

import click

from monitoring import polling
from monitoring.polling import PollPlan
from portal import keys
from portal.cli import options
from portal.cli.attached import with_records


@click.command(name="poll-once")
@options.data
def poll_once(data: Path | None) -> None:
    """Ask every device that is due and record what it says."""
    with with_records(data) as settings:
        plan = PollPlan(
            interval_seconds=settings.poll_seconds, timeout_seconds=settings.poll_timeout_seconds
        )
        done = polling.poll_site(None, keys.keyring(settings), plan)
    click.echo(
        f"{done.asked} devices asked, {done.answered} answered in {done.seconds:.1f} s;"
        f" {done.opened} outages opened, {done.closed} closed."
    )
