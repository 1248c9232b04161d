"""Looks through the networks that operators asked for, where they can be reached."""

from config import logs
from config.database import transaction
from monitoring import surveys
from portal import jobs, keys
from portal.jobs import queue
from rental import units

log = logs.get(__name__)


@queue.task(name="survey_networks")
def survey_networks(site: str) -> None:
    """Do the survey of a site that somebody waits for."""
    settings = jobs.settings_here()
    with transaction():
        site_id = units.site(site).id
    asked = surveys.run_waiting(site_id, keys.keyring(settings), settings.surveyable)
    if asked:
        log.info("network surveyed", site=site, addresses=asked)
