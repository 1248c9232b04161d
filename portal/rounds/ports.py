"""Switches the ports of circuits as bookings want them, where the devices can be reached."""

from config import logs
from config.database import transaction
from monitoring import port_limits, provisioning
from portal import keys
from portal.jobs import queue, settings_here
from rental import units

log = logs.get(__name__)


@queue.task(name="reconcile_ports")
def reconcile_ports(site: str) -> None:
    """Note what circuits let through; settle the managed ports, where anything is switched."""
    settings = settings_here()
    with transaction():
        site_id = units.site(site).id
        port_limits.note_site(site_id, is_switching=settings.switch_ports == "on")
    if settings.switch_ports == "off":
        return
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
