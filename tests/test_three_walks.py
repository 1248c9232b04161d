"""The walks a reader of the design follows, from end to end on real parts.

The second one, from a broken rule to quarantine and back, is walked in
tests/monitoring/test_enforcement.py on a real sshd and over netmiko.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from billing import charges, documents, invoices, payments, reactions, transfers, vietqr
from billing.models import ChargeKind, InvoiceStatus, PaymentMethod
from billing.payments import NewPayment
from config import clock
from config.database import db, transaction
from monitoring import credentials, devices, polling
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice
from monitoring.models import Device, DeviceRole
from monitoring.polling import PollPlan
from monitoring.probes.logins import SnmpCommunity
from rental import bookings, journal
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Interruption, Member, Resource, Role
from rental.period import Period
from tests import build, notices
from tests.monitoring import agents
from tests.monitoring.agents import own_agent

__all__ = ["own_agent"]

KEYRING = Keyring(bytes(range(32)))
QUICK = PollPlan(interval_seconds=10, timeout_seconds=0.15, tries=1, budget_seconds=3)


@pytest.fixture
def centre(house: Flask) -> Iterator[Flask]:
    """The house with billing listening to rental, as the application factory leaves it."""
    reactions.subscribe()
    return house


def an_event(member: Member, desk: Member, period: Period, *resources: Resource) -> Booking:
    """Asked for by the unit and confirmed by the desk."""
    wanted = RequestedBooking(
        member.unit,
        "Họp báo công bố kết quả",
        EventKind.PRESS_CONFERENCE,
        [WantedLine(resource.code, 1, period) for resource in resources],
    )
    with transaction():
        booking = bookings.request(wanted, by=member)
    with transaction():
        notices.lodge(booking)
        bookings.confirm(booking, by=desk)
    return booking


def test_from_request_to_paid(centre):
    with transaction():
        hall = build.a_hall(code="H100")
        line = build.a_circuit(site=hall.site)
        member, desk = build.a_member(), build.desk()
        finance = build.a_member(unit=desk.unit, role=Role.FINANCE)
    starts_at = clock.now() + timedelta(days=3)
    period = Period(starts_at, starts_at + timedelta(hours=4))
    booking = an_event(member, desk, period, hall, line)
    assert [c.line_id for c in charges.live(booking)] == [row.id for row in booking.lines]

    with transaction():
        invoice = invoices.issue(invoices.draft_for(booking), by=finance)
    assert invoice.status is InvoiceStatus.OPEN
    assert invoice.number == 1
    assert invoice.net + invoice.vat == invoice.total
    asked = vietqr.parse(transfers.code(invoice))
    assert asked.amount == invoice.total.minor
    assert documents.invoice_pdf(invoice).startswith(b"%PDF")

    with transaction():
        payments.record(
            invoice,
            NewPayment(PaymentMethod.TRANSFER, invoice.total, "FT26326000001", clock.now()),
            by=finance,
        )
    assert invoice.status is InvoiceStatus.PAID
    assert [entry.verb for entry in journal.of(booking)] == [
        "requested",
        "file_added",
        "clearance_lodged",
        "confirmed",
    ]


def poll_again() -> polling.Summary:
    """One more cycle, as if every pause were over."""
    with transaction():
        db.session.execute(sa.update(Device).values(next_poll_at=None))
    return polling.poll_site(None, KEYRING, QUICK)


def a_measured_line(port: int) -> Resource:
    """A circuit whose switch answers SNMP on that port."""
    with transaction():
        circuit = build.a_circuit()
        community = credentials.add("test", SnmpCommunity(agents.COMMUNITY), KEYRING)
        devices.add(
            NewDevice(
                "SW-1", "127.0.0.1", circuit.site, DeviceRole.SWITCH,
                snmp_port=port, snmp_credential=community, resource=circuit,
            )
        )  # fmt: skip
    return circuit


def an_outage_of_an_hour(agent: agents.Agent) -> None:
    """Three lost polls, and two answers; the interruption is then told as an hour long."""
    poll_again()
    agent.stop()
    assert [poll_again().opened for _ in range(3)] == [0, 0, 1]
    with transaction():
        interruption = db.session.scalars(sa.select(Interruption)).one()
        interruption.began_at -= timedelta(hours=1)
    agent.start()
    assert [poll_again().closed for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("issued", [False, True], ids=["while unbilled", "after the invoice"])
def test_from_outage_to_credit(centre, own_agent, issued):
    circuit = a_measured_line(own_agent.port)
    with transaction():
        member, desk = build.a_member(), build.desk()
    now = clock.now()
    with clock.standing_at(now - timedelta(days=1)):
        around = Period(now - timedelta(hours=2), now + timedelta(hours=2))
        booking = an_event(member, desk, around, circuit)
    if issued:
        with transaction():
            invoice = invoices.issue(invoices.draft_for(booking), by=desk)

    an_outage_of_an_hour(own_agent)

    rented = charges.live(booking, ChargeKind.RENTAL)[0]
    if issued:
        db.session.refresh(invoice)
        # An hour of four: a quarter of what the line cost, tax included.
        assert abs(invoice.credited.minor * 4 - invoice.total.minor) <= invoice.total.minor // 100
    else:
        credit = charges.live(booking, ChargeKind.CREDIT)[0]
        assert abs(-credit.amount_minor * 4 - rented.amount_minor) <= rented.amount_minor // 100
