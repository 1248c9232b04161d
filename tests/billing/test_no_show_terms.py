"""What is owed for a booking nobody came to: by dated terms, all of it unless they say less."""

from typing import Any

import pytest

from billing import cancellation, charges, invoices, reconciling
from billing.models import ChargeKind
from billing.money import Money
from rental.models import Booking, Member, ResourceKind
from rental.signals import booking_no_show

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """For halls half of the price is owed, for the others all."""
    found = [
        one.model_copy(update={"no_show_percent": 50}) if one.kind is ResourceKind.HALL else one
        for one in cancellation.terms()
    ]
    monkeypatch.setattr(cancellation, "terms", lambda: tuple(found))


def test_the_shipped_terms_keep_all_of_it(booking: Booking) -> None:
    before = charges.live(booking)
    booking_no_show.send(booking)
    assert charges.live(booking) == before


@pytest.mark.usefixtures("half")
def test_what_is_not_owed_is_taken_back_and_explained(booking: Booking) -> None:
    draft = invoices.draft_for(booking)
    booking_no_show.send(booking)
    (owed,) = charges.live(booking, ChargeKind.CANCELLATION)
    assert owed.amount == Money(4_500_000)
    assert owed.description.startswith("Phí không đến, thuê Hội trường lớn")
    assert "không đến: 50" in owed.explanation
    assert [one.line_id for one in charges.live(booking, ChargeKind.RENTAL)] == [
        booking.lines[1].id
    ]
    assert len(draft.lines) == 1
    # A second word of it changes nothing.
    booking_no_show.send(booking)
    assert len(charges.live(booking, ChargeKind.CANCELLATION)) == 1
    assert reconciling.differences() == []


@pytest.mark.usefixtures("half")
def test_an_issued_invoice_stays_and_finance_credits(
    booking: Booking, open_invoice: Any, desk: Member
) -> None:
    booking_no_show.send(booking)
    assert charges.live(booking, ChargeKind.CANCELLATION) == []
    assert len(charges.live(booking, ChargeKind.RENTAL)) == 2
