"""Two people at once over write-offs, pauses and leave to book: one deed, one refusal."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from billing import invoices, payments, reminders, stops, write_offs
from billing.errors import BadWriteOff, DecidedAlready, WrongInvoiceState
from billing.models import Grace, InvoiceStatus, PauseCause, ReminderPause, WriteOff
from config import clock
from config.database import db, transaction
from config.errors import Refusal
from rental.models import Member, Role, Unit
from tests import build
from tests.billing.steps import paid_by_transfer

AT_ONCE = 6


def together(house: Any, deeds: list[Callable[[], object]]) -> list[type[Refusal] | None]:
    """Do them at the same moment, each in a transaction of its own; what refused each, if any."""
    db.session.commit()
    start = Barrier(len(deeds))

    def act(deed: Callable[[], object]) -> type[Refusal] | None:
        with house.app_context():
            start.wait()
            try:
                with transaction():
                    deed()
            except Refusal as refused:
                return type(refused)
            return None

    with ThreadPoolExecutor(len(deeds)) as pool:
        found = list(pool.map(act, deeds))
    db.session.rollback()
    db.session.expire_all()
    return found


def person(role: Role) -> int:
    return build.a_member(unit=build.a_unit(), role=role).id


def member(member_id: int) -> Member:
    return db.session.get_one(Member, member_id)


def test_one_of_several_proposals_at_once_stands(house: Any, open_invoice: Any) -> None:
    number, finance = open_invoice.id, person(Role.FINANCE)

    def propose() -> None:
        write_offs.propose(invoices.get(number), reason="không trả", by=member(finance))

    found = together(house, [propose] * AT_ONCE)
    assert found.count(None) == 1
    assert set(found) == {None, BadWriteOff}
    assert db.session.scalar(sa.select(sa.func.count(WriteOff.id))) == 1


def test_two_directors_decide_once(house: Any, open_invoice: Any) -> None:
    finance, directors = person(Role.FINANCE), [person(Role.DIRECTOR) for _ in range(2)]
    proposal = write_offs.propose(open_invoice, reason="không trả", by=member(finance)).id

    def approve() -> None:
        write_offs.approve(write_offs.get(proposal), by=member(directors[0]))

    def refuse() -> None:
        write_offs.refuse(write_offs.get(proposal), by=member(directors[1]), comment="thu tiếp")

    found = together(house, [approve, refuse])
    assert found.count(None) == 1
    assert set(found) - {None} <= {DecidedAlready, WrongInvoiceState}
    decided = write_offs.get(proposal)
    given_up = decided.invoice.status is InvoiceStatus.UNCOLLECTIBLE
    assert given_up is (decided.status.value == "approved")


@pytest.mark.parametrize("share", [1, 2], ids=["all of it", "half of it"])
def test_a_payment_and_a_write_off_at_once_lose_nothing(
    house: Any, open_invoice: Any, share: int
) -> None:
    number, whole = open_invoice.id, open_invoice.total_minor
    finance, director = person(Role.FINANCE), person(Role.DIRECTOR)
    proposal = write_offs.propose(open_invoice, reason="không trả", by=member(finance)).id

    def pay() -> None:
        payments.record(invoices.get(number), paid_by_transfer(whole // share), by=None)

    def approve() -> None:
        write_offs.approve(write_offs.get(proposal), by=member(director))

    found = together(house, [pay, approve])
    assert found[0] is None
    invoice = invoices.get(number)
    assert invoice.paid_minor == whole // share
    if share == 1:
        assert invoice.status is InvoiceStatus.PAID
    else:
        assert invoice.status is InvoiceStatus.UNCOLLECTIBLE


def test_pauses_at_once_leave_one_that_stands(house: Any, open_invoice: Any) -> None:
    number, finance = open_invoice.id, person(Role.FINANCE)
    until = clock.today() + timedelta(days=5)

    def pause() -> None:
        invoice = invoices.get(number)
        reminders.pause(invoice, PauseCause.OTHER, reason="chờ", until=until, by=member(finance))

    assert set(together(house, [pause] * AT_ONCE)) == {None}
    standing = sa.select(sa.func.count(ReminderPause.id)).where(ReminderPause.ended_at.is_(None))
    assert db.session.scalar(standing) == 1


def test_graces_at_once_leave_one_that_stands(house: Any, open_invoice: Any) -> None:
    unit_id, desk = open_invoice.unit_id, person(Role.DESK)

    def grant() -> None:
        unit = db.session.get_one(Unit, unit_id)
        stops.grant(unit, until=clock.today(), reason="hẹn", by=member(desk))

    assert set(together(house, [grant] * AT_ONCE)) == {None}
    standing = sa.select(sa.func.count(Grace.id)).where(Grace.ended_at.is_(None))
    assert db.session.scalar(standing) == 1
