"""What interruptions give back: on the draft, or by a credit note."""

from typing import Any

import pytest
import sqlalchemy as sa

from billing import (
    charges,
    credit_notes,
    interruption_credits,
    invoices,
)
from billing.models import ChargeKind
from billing.money import Money
from config.database import db
from rental.models import Booking, Interruption, Member
from rental.period import Period
from rental.signals import rental_interrupted
from tests.billing.steps import interrupt

pytestmark = pytest.mark.usefixtures("house")


def test_an_interruption_becomes_a_credit_line_on_the_draft(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    interrupt(booking, 0, 60, 120)
    credit = charges.live(booking, ChargeKind.CREDIT)[0]
    assert credit.amount == Money(-2_250_000)
    assert [line.total.minor for line in draft.lines][-1] == -2_250_000
    invoice = invoices.issue(draft, by=desk)
    assert invoice.lines[0].total + invoice.lines[2].total == Money(6_750_000)


def test_an_interruption_before_any_draft_waits_for_it(booking: Booking) -> None:
    interrupt(booking, 0, 60, 120)
    assert len(invoices.draft_for(booking).lines) == 3


def test_an_interruption_after_issue_becomes_a_credit_note(
    booking: Booking, open_invoice: Any
) -> None:
    interrupt(booking, 0, 60, 120)
    (note,) = credit_notes.of(open_invoice)
    assert note.total == Money(2_250_000)
    assert note.reason.startswith("Giảm trừ gián đoạn Hội trường lớn, 10:00–11:00")
    assert open_invoice.left == open_invoice.total - Money(2_250_000)


def test_the_same_interruption_gives_back_once(booking: Booking) -> None:
    interrupt(booking, 0, 60, 120)
    gone = db.session.scalars(sa.select(Interruption)).one()
    period = Period(gone.began_at, gone.ended_at or gone.began_at)
    rental_interrupted.send(booking, line=booking.lines[0], interruption=gone, period=period)
    assert len(charges.live(booking, ChargeKind.CREDIT)) == 1


def test_all_interruptions_together_give_back_the_price_and_no_more(
    booking: Booking, open_invoice: Any
) -> None:
    interrupt(booking, 0, 0, 200)
    interrupt(booking, 0, 100, 240)
    assert open_invoice.lines[0].left == Money(0)
    assert open_invoice.lines[1].left == open_invoice.lines[1].total


def test_a_short_interruption_is_remembered_but_gives_nothing(booking: Booking) -> None:
    interrupt(booking, 0, 0, 10)
    assert charges.live(booking, ChargeKind.CREDIT) == []
    interrupt(booking, 0, 10, 20)
    # Together they last twenty minutes, and the hall's terms begin at fifteen.
    assert charges.live(booking, ChargeKind.CREDIT)[0].amount == Money(-750_000)
    assert len(interruption_credits.of(booking.lines[0])) == 2
