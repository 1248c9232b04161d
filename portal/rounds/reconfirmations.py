"""Asks the units of long series whether they keep them, and lets go of what nobody keeps."""

from config import logs
from config.database import transaction
from portal.jobs import queue, settings_here
from rental import reconfirmation

log = logs.get(__name__)


@queue.task(name="reconfirm_series")
def reconfirm_series() -> None:
    """Ask first, then let go; what was done in a killed round is not done again.

    With MEDIA_CENTER_RECONFIRM_WEEKS=0 nobody is asked any more, and nothing is let go.
    """
    if not settings_here().reconfirm_weeks:
        return
    with transaction():
        asked = reconfirmation.ask_due()
    with transaction():
        gone = reconfirmation.let_go_due()
    if asked or gone:
        log.info("series reconfirmed", asked=len(asked), let_go=len(gone))
