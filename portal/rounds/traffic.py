"""Seals what was measured on metered lines, month by month, as soon as a month is over."""

from billing.errors import BadTraffic, NoBuckets, TrafficSealed
from config import clock, logs
from config.database import transaction
from portal import metered_lines
from portal.jobs import queue

log = logs.get(__name__)


@queue.task(name="seal_traffic")
def seal_traffic() -> None:
    """Seal each month that is due in a transaction of its own; what cannot be is told."""
    with transaction():
        due = metered_lines.due(clock.now())
    for line_id, first in due:
        try:
            with transaction():
                evidence = metered_lines.seal(line_id, first)
                told = {"seal": evidence.seal, "state": evidence.state.value}
        except (BadTraffic, NoBuckets, TrafficSealed) as refused:
            log.warning("traffic not sealed", line=line_id, month=str(first), why=refused.message)
        else:
            log.info("traffic sealed", line=line_id, month=str(first), **told)
