"""Rentals that will find no port or no VLAN: told a day before they begin, and cleared when mended.

A pool of VLANs is no stock of rental: which ports and VLANs there are is the operators' business
and may change until the event begins. So nothing is refused; a problem is opened early enough to
be mended, and readiness shows the line red.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from config.database import db
from monitoring import circuits, port_records, problems
from monitoring.circuits import PortTerms, Rental
from monitoring.exposure import RUNNING
from monitoring.models import AccessPort
from monitoring.problems import NewProblem
from rental.models import Booking, Line

# A little more than the day of the first report on readiness, so that it stands there.
AHEAD = timedelta(hours=25)
NOTHING_LEFT = "no port or VLAN left"


def rented(
    resource_ids: Iterable[int], at: datetime, terms: PortTerms
) -> dict[int, tuple[Rental, str]]:
    """The confirmed lines of circuits around now and a day ahead, with their references."""
    query = (
        sa.select(Line, Booking.reference)
        .join(Line.booking)
        .where(
            Line.resource_id.in_(list(resource_ids)),
            Booking.status.in_(RUNNING),
            Line.starts_at <= at + AHEAD,
            Line.ends_at > at - terms.lag,
        )
    )
    return {
        line.id: (
            Rental(line.id, line.resource_id, line.quantity, line.starts_at, line.ends_at),
            reference,
        )
        for line, reference in db.session.execute(query)
    }


def tell(
    ports: Sequence[AccessPort],
    rentals: Mapping[int, tuple[Rental, str]],
    at: datetime,
    terms: PortTerms,
) -> None:
    """Open a problem of the circuit's switch for each rental that lacks something; clear others."""
    by_circuit: dict[int, list[AccessPort]] = {}
    for port in ports:
        by_circuit.setdefault(port.resource_id, []).append(port)
    counts = {resource_id: len(those) for resource_id, those in by_circuit.items()}
    ahead = [rental for rental, _ in rentals.values() if rental.ends_at > at]
    stand: set[tuple[int, str]] = set()
    for rental in circuits.lacking(counts, ahead, terms):
        port = by_circuit[rental.resource_id][0]
        reference = rentals[rental.line_id][1]
        subject = f"{port.resource.code}: {NOTHING_LEFT} for {reference}"
        stand.add((port.device_id, subject))
        new = NewProblem(
            port_records.PROBLEM,
            subject,
            port_records.gravity(rental, at),
            evidence={"booking": reference, "starts_at": rental.starts_at.isoformat()},
        )
        problems.open_(port.device, new, at=at)
    port_records.clear_others({port.device_id for port in ports}, NOTHING_LEFT, stand, at)


def is_of(subject: str, code: str, reference: str) -> bool:
    """Whether the subject of a problem says that this booking lacks something of this circuit."""
    return subject == f"{code}: {NOTHING_LEFT} for {reference}"
