"""Looks for traffic that nobody booked, judges it, and hands what is over to finance."""

from functools import cache

from billing import unbilled
from billing.errors import BadTraffic, NoBuckets, UseDecided
from config import clock, logs
from config.database import db, transaction
from monitoring import policy, unbooked, unbooked_rules
from monitoring.models import Device
from monitoring.rules import Rule
from portal import unbilled_uses
from portal.jobs import queue
from rental.models import Booking

log = logs.get(__name__)


@cache
def _rules() -> list[Rule]:
    """As they were when this process first asked; a restart reads them anew."""
    return policy.load()


@queue.task(name="watch_unbooked_ports")
def watch_unbooked_ports() -> None:
    """Each device, each run and each use in a transaction of its own; what cannot be is told."""
    rules = _rules()
    with transaction():
        devices = sorted({*unbooked.due(), *unbooked_rules.left_over(rules)})
    for device_id in devices:
        with transaction():
            device = db.session.get(Device, device_id)
            if device is not None:
                unbooked_rules.record(device, clock.now(), rules)
    _seal()
    _follow_bookings()


def _seal() -> None:
    with transaction():
        runs = unbilled_uses.due(clock.now())
    for run_id in runs:
        try:
            with transaction():
                use = unbilled_uses.seal(run_id)
                told = {"use": use.id, "seal": use.seal}
        except (BadTraffic, NoBuckets) as refused:
            log.warning("unbooked traffic not sealed", run=run_id, why=refused.message)
        else:
            log.info("unbooked traffic sealed", run=run_id, **told)


def _follow_bookings() -> None:
    """A booking made late takes a use away; one that is cancelled gives it back."""
    with transaction():
        booked = list(unbilled_uses.lately_booked(clock.now()))
        gone = unbilled_uses.no_longer_booked(clock.now())
    for use_id, booking_id in booked:
        try:
            with transaction():
                booking = db.session.get_one(Booking, booking_id)
                unbilled.cover(unbilled.get(use_id), booking)
        except UseDecided:
            log.info("unbooked traffic decided meanwhile", use=use_id)
    for use_id in gone:
        try:
            with transaction():
                unbilled.reopen(
                    unbilled.get(use_id), by=None, reason="the booking no longer covers it"
                )
        except UseDecided:
            log.info("unbooked traffic decided meanwhile", use=use_id)
