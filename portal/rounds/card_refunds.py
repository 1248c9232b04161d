"""Gives card payments back through Stripe: each refund claimed, committed, then asked for."""

from billing import refunds
from config import logs
from config.database import transaction
from portal import cards
from portal.jobs import queue, settings_here

log = logs.get(__name__)

# In one round; the next comes in half a minute.
MOST = 100


@queue.task(name="send_card_refunds")
def send_card_refunds() -> None:
    """Ask for what waits. A round killed in between repeats the same request under its key."""
    gateway = cards.gateway_of(settings_here())
    if gateway is None:
        return
    for _ in range(MOST):
        with transaction():
            claimed = refunds.claim_card()
            refund_id = claimed.id if claimed else None
        if refund_id is None:
            return
        with transaction():
            answered = refunds.send(refund_id, gateway)
        if not answered:
            log.warning("stripe does not answer", refund=refund_id)
            return
