"""An outage ends while finance is at work: each waits for the other in one order, never in a ring.

The poller credits several bookings in one transaction, and each credit note takes a number that
stays locked until the commit. Finance credits one of these invoices at that very moment.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from billing import credit_notes, invoices
from billing.credit_notes import NewCredit
from billing.models import CreditNote, Invoice
from billing.money import Money
from billing.signals import credit_note_issued
from config.database import db, transaction
from monitoring import outages
from monitoring.models import Device, Outage, OutageCause
from rental import bookings, interruptions
from rental.models import Member, Resource
from tests import build
from tests.billing.steps import STARTS, asked

WAIT = 5.0


@pytest.fixture
def two_outages(house: Any, desk: Member) -> list[int]:
    """Two halls, each booked and invoiced, and each behind a device that is gone."""
    found = []
    for code in ("H1", "H2"):
        hall = build.a_hall(code=code)
        booking = asked(code)
        bookings.confirm(booking, by=desk)
        invoices.issue(invoices.draft_for(booking), by=None)
        device = Device(name=code, address="192.0.2.1", site_id=hall.site_id, resource_id=hall.id)
        db.session.add(device)
        db.session.flush()
        outage = Outage(device_id=device.id, began_at=STARTS, cause=OutageCause.DEVICE, evidence={})
        db.session.add(outage)
        db.session.flush()
        interruptions.begin(
            db.session.get_one(Resource, hall.id), cause=f"outage:{outage.id}", at=STARTS
        )
        found.append(outage.id)
    db.session.commit()
    return found


def test_finance_and_the_poller_do_not_deadlock(house: Any, two_outages: list[int]) -> None:
    has_number, finance_waits = threading.Event(), threading.Event()

    def pause(_note: CreditNote, **_facts: object) -> None:
        """The poller has its first number: now finance begins."""
        if not has_number.is_set():
            has_number.set()
            finance_waits.wait(1.0)

    def poller() -> None:
        with house.app_context(), transaction():
            ended = [db.session.get_one(Outage, outage_id) for outage_id in two_outages]
            outages.close_all([(outage, STARTS + timedelta(hours=2)) for outage in ended])

    def finance() -> None:
        has_number.wait(WAIT)
        with house.app_context(), transaction():
            second = db.session.scalars(sa.select(Invoice).order_by(Invoice.id.desc())).first()
            credit_notes.issue(second, NewCredit("ghế hỏng", Money(1000)), by=None)
            finance_waits.set()

    with credit_note_issued.connected_to(pause), ThreadPoolExecutor(2) as pool:
        for deed in [pool.submit(poller), pool.submit(finance)]:
            deed.result(WAIT * 2)
    db.session.rollback()
    numbers = db.session.scalars(sa.select(CreditNote.number).order_by(CreditNote.number)).all()
    assert numbers == [1, 2, 3]
