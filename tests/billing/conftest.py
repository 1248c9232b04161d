"""A confirmed booking, its invoice, and the people around it."""

from collections.abc import Iterator
from typing import Any

import pytest

from billing import (
    invoices,
    reactions,
)
from billing.stripe_gateway import StripeGateway
from rental import bookings
from rental.models import Booking, Member
from tests import build, stripe_fake
from tests.billing.card_steps import begun, deliver_all
from tests.billing.steps import asked
from tests.stripe_fake import StripeFake


@pytest.fixture(autouse=True)
def listening(request: pytest.FixtureRequest) -> None:
    """Billing listens to rental, in an empty house as the application leaves it."""
    if "house" in request.fixturenames:
        request.getfixturevalue("house")
    reactions.subscribe()


@pytest.fixture
def desk(house: Any) -> Member:
    return build.desk()


@pytest.fixture
def booking(desk: Member) -> Booking:
    """A hall (9 000 000 with the tax in it) and a camera (1 200 000 without), confirmed."""
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    booking = asked("H100", "CAM")
    bookings.confirm(booking, by=desk)
    return booking


@pytest.fixture
def open_invoice(booking: Booking, desk: Member) -> Any:
    return invoices.issue(invoices.draft_for(booking), by=desk)


@pytest.fixture
def stripe() -> Iterator[StripeFake]:
    fake = StripeFake()
    server = stripe_fake.served(fake)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(stripe: StripeFake) -> StripeGateway:
    return StripeGateway(stripe_fake.KEY, stripe_fake.SECRET, stripe.address)


@pytest.fixture
def paid(open_invoice: Any, stripe: StripeFake, gateway: StripeGateway) -> str:
    """The intent of an invoice paid by card, taken in."""
    intent = stripe.pay(begun(open_invoice, gateway).stripe_id)
    deliver_all(stripe, gateway)
    return intent
