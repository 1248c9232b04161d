"""Switches the ports of circuits as bookings want them, where the devices can be reached."""

from config import logs
from config.database import transaction
from monitoring import provisioning
from portal import keys
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="reconcile_ports")
def reconcile_ports(site: str) -> None:
    """Settle the site's managed ports, unless the settings say that nothing is switched."""
    settings = settings_here()
    if settings.switch_ports == "off":
        return
    with transaction():
        site_id = units.site(site).id
    told = provisioning.reconcile_site(
        site_id, keys.keyring(settings), is_trial=settings.switch_ports == "trial"
    )
    if told.asked or told.short:
        log.info(
            "ports reconciled",
            site=site,
            asked=told.asked,
            changed=told.changed,
            failed=told.failed,
            short=told.short,
        )
