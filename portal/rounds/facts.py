"""Asks devices over SSH what they are: hourly, and when somebody wants to know now."""

from config import logs
from config.database import transaction
from monitoring import device_facts
from portal import keys
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="collect_facts")
def collect_facts(site: str) -> None:
    """Ask the site's devices that are due and keep what they say."""
    with transaction():
        site_id = units.site(site).id
    asked, failed = device_facts.collect_site(site_id, keys.keyring(settings_here()))
    if asked:
        log.info("facts collected", site=site, asked=asked, failed=failed)
