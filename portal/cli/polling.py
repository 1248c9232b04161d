"""`poll-once`: one cycle of polling, now."""

from pathlib import Path

import click

from config.database import transaction
from monitoring import polling
from monitoring.polling import PollPlan, Summary
from portal import keys
from portal.cli import options
from portal.cli.attached import with_records
from rental import units

# Somebody waits for it.
STARTS_PER_SECOND = 400.0


@click.command(name="poll-once")
@options.data
@click.option("--site", "slug", help="Only the devices of the site with this slug.")
def poll_once(data: Path | None, slug: str | None) -> None:
    """Ask every device that is due and record what it says."""
    with with_records(data) as settings:
        plan = PollPlan(
            interval_seconds=settings.poll_seconds,
            timeout_seconds=settings.poll_timeout_seconds,
            starts_per_second=STARTS_PER_SECOND,
        )
        with transaction():
            site_id = None if slug is None else units.site(slug).id
        done = polling.poll_site(site_id, keys.keyring(settings), plan)
    for line in told(done):
        click.echo(line)


def told(done: Summary) -> list[str]:
    """What a cycle did, in sentences."""
    outages = f"{done.opened} outages opened, {done.closed} closed"
    seconds = f"{done.seconds:.1f} s"
    lines = [f"{done.asked} devices asked, {done.answered} answered in {seconds}; {outages}."]
    if done.discovered:
        lines.append(f"{done.discovered} discovered anew.")
    if done.failures:
        why = ", ".join(f"{count} {kind}" for kind, count in done.failures.most_common())
        lines.append(f"{done.failures.total()} did not answer: {why}.")
    if done.not_yet:
        lines.append(f"{done.not_yet} were not due yet.")
    if done.elsewhere:
        sites = ", ".join(done.elsewhere)
        lines.append(f"Left out, because a worker polls them at this moment: {sites}.")
    return lines
