"""Asks endpoints that are due: ports, certificates, web pages and streams of a site's devices."""

from functools import cache

from config import clock, logs
from config.database import transaction
from config.settings import Settings
from monitoring import factory_logins, policy, reaching, tls_rules
from monitoring.probes.reached import Rules
from monitoring.rules import Rule
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@cache
def _policies() -> list[Rule]:
    """As they were when this process first asked; a restart reads them anew."""
    return policy.load()


@queue.task(name="reach_endpoints")
def reach_endpoints(site: str) -> None:
    """Ask the site's endpoints that are due, write what came, and judge what it means."""
    began = clock.now()
    with transaction():
        site_id = units.site(site).id
    allowed = rules_of(settings_here())
    told = reaching.reach_site(site_id, allowed)
    if told.asked:
        log.info(
            "endpoints asked",
            site=site,
            asked=told.asked,
            faults=told.faults,
            seconds=round(told.seconds, 1),
        )
    judged = tls_rules.judge_site(site_id, _policies(), since=began)
    tried = factory_logins.run_waiting(site_id, allowed, _policies())
    if tried:
        log.info("factory logins tried", site=site, attempts=tried)
    if judged:
        log.info("rules about TLS judged", site=site, devices=judged)


def rules_of(settings: Settings) -> Rules:
    """What the settings allow; a file of authorities that cannot be read counts as none."""
    authorities = ""
    if settings.probe_authorities is not None:
        try:
            authorities = settings.probe_authorities.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            log.error("authorities cannot be read", problem=type(wrong).__name__)
    return Rules(allows_own=settings.probe_own_addresses, authorities=authorities)
