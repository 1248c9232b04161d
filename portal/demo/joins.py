"""The demo's circuits: one rented for a week with metered traffic, an outage that was the renter's.

Sample figures: every weekday is busier than the committed 100 Mbps for some hours.
"""

from datetime import datetime, timedelta

from billing import invoices, traffic
from billing.metered import CounterReading
from billing.models import TrafficEvidence
from config import clock
from rental import bookings, interruptions, units
from rental.asking import RequestedBooking, WantedLine
from rental.interruptions import Judgement
from rental.models import Booking, EventKind, InterruptionFault
from rental.period import Period

FIVE = timedelta(minutes=5)
MEGABIT_OCTETS = 1_000_000 // 8
DAYS = 7


def add(now: datetime) -> None:
    """A week of a circuit that is over: interrupted twice, metered, in a draft."""
    midnight = now.astimezone(clock.LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    last = midnight - timedelta(days=5)
    period = Period(last - timedelta(days=DAYS), last)
    booking = _rented(period)
    _interrupted(booking, period)
    with clock.standing_at(now - timedelta(hours=2)):
        _metered(booking, period)
        invoices.draft_for(booking)


def _rented(period: Period) -> Booking:
    member = units.member_by_email("head@unit-a.example")
    desk = units.member_by_email("desk@centre.example")
    wanted = RequestedBooking(
        member.unit,
        "Đường truyền tác nghiệp một tuần (mẫu)",
        EventKind.OTHER,
        [WantedLine("F100", 1, period)],
    )
    with clock.standing_at(period.starts_at - timedelta(days=4)):
        booking = bookings.request(wanted, by=member)
    with clock.standing_at(period.starts_at - timedelta(days=3)):
        bookings.confirm(booking, by=desk)
    return booking


def _interrupted(booking: Booking, period: Period) -> None:
    """Once by the Centre, once by the renter, who pulled the plug."""
    circuit = booking.lines[0].resource
    operator = units.member_by_email("operator@centre.example")
    for number, (day, hours) in enumerate(((2, 2), (4, 5)), start=1):
        begins = period.starts_at + timedelta(days=day, hours=9)
        cause = f"demo:{number}"
        with clock.standing_at(begins + timedelta(hours=hours)):
            found = interruptions.begin(circuit, cause=cause, at=begins)
            interruptions.end(circuit, cause=cause, at=begins + timedelta(hours=hours))
    with clock.standing_at(period.ends_at):
        word = Judgement(InterruptionFault.RENTER, "Đơn vị tự ngắt nguồn tủ mạng (mẫu).")
        interruptions.judge(found, word, by=operator)


def _metered(booking: Booking, period: Period) -> TrafficEvidence:
    octets, sent, at = 0, 0, period.starts_at
    readings = [CounterReading("Gi0/7", at, 0, 0, 1_000_000_000)]
    while at < period.ends_at:
        hour = at.astimezone(clock.LOCAL).hour
        mbps = 132 if 9 <= hour < 17 else 24
        # A wave, so that no two buckets of an hour are alike.
        mbps += (at.minute // 5) % 4 * 3
        octets += mbps * MEGABIT_OCTETS * 300
        sent += mbps * MEGABIT_OCTETS * 60
        at += FIVE
        readings.append(CounterReading("Gi0/7", at, octets, sent, 1_000_000_000))
    first = period.starts_at.astimezone(clock.LOCAL).date().replace(day=1)
    operator = units.member_by_email("operator@centre.example")
    return traffic.take_in(booking.lines[0], first, readings, by=operator)
