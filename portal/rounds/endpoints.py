"""Asks endpoints that are due: ports, certificates, web pages and streams of a site's devices."""

from config import logs
from config.database import transaction
from config.settings import Settings
from monitoring import reaching
from monitoring.probes.reached import Rules
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="reach_endpoints")
def reach_endpoints(site: str) -> None:
    """Ask the site's endpoints that are due and write what came."""
    with transaction():
        site_id = units.site(site).id
    told = reaching.reach_site(site_id, rules_of(settings_here()))
    if told.asked:
        log.info(
            "endpoints asked",
            site=site,
            asked=told.asked,
            faults=told.faults,
            seconds=round(told.seconds, 1),
        )


def rules_of(settings: Settings) -> Rules:
    """What the settings allow; a file of authorities that cannot be read counts as none."""
    authorities = ""
    if settings.probe_authorities is not None:
        try:
            authorities = settings.probe_authorities.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            log.error("authorities cannot be read", problem=type(wrong).__name__)
    return Rules(allows_own=settings.probe_own_addresses, authorities=authorities)
