"""A confirmed booking, its invoice, and the people around it."""

from typing import Any

import pytest

from billing import (
    invoices,
    reactions,
)
from rental import bookings
from rental.models import Booking, Member
from tests import build
from tests.billing.steps import asked


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
