"""Goes on with remediations: checks, applies what was approved, takes back what did not cure."""

from config import logs
from config.database import transaction
from monitoring import enforcing, remedying
from monitoring.remedying import Terms
from monitoring.rules import Enforce
from portal import keys
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="remedy_devices")
def remedy_devices(site: str) -> None:
    """Go on with the site's remediations, as far as the settings let it."""
    settings = settings_here()
    if settings.remediate == "off":
        return
    with transaction():
        site_id = units.site(site).id
        asking = enforcing.rules_that(Enforce.REMEDIATE)
        planned = remedying.plan_wanted(site_id, asking) if asking else 0
    if planned:
        log.info("remediations planned by rules", site=site, count=planned)
    terms = Terms(may_apply=settings.remediate == "on", hosts_folder=settings.remedy_hosts)
    told = remedying.remedy_site(site_id, keys.keyring(settings), terms)
    if told.ended:
        log.info("remediations went on", site=site, **told.ended)
