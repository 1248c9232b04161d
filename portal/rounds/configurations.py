"""Backs up the configurations of devices: hourly, when somebody wants it now, and never twice."""

from config import clock, logs
from config.database import transaction
from monitoring import config_backups, config_versions
from portal import keys
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="back_up_configurations")
def back_up_configurations(site: str) -> None:
    """Read the configurations of the site's devices that are due, and keep what is new."""
    with transaction():
        site_id = units.site(site).id
    done = config_backups.collect_site(site_id, keys.keyring(settings_here()))
    if done.asked:
        log.info(
            "configurations backed up", site=site, asked=done.asked, failed=done.failed,
            versions=done.new,
        )  # fmt: skip


@queue.task(name="sweep_configurations")
def sweep_configurations() -> None:
    """Delete the versions that have served their time."""
    with transaction():
        gone = config_versions.sweep(clock.now(), settings_here().configuration_days)
    if gone:
        log.info("configurations swept", versions=gone)
