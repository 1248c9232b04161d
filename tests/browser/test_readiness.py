"""Readiness on the booking's page: what is red, signed for by keyboard; telephone and axe."""

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring.models import Device, DeviceStatus
from rental.models import Booking, BookingStatus, Line, ResourceKind
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import OPERATOR


@pytest.fixture(scope="module")
def reference(centre_app: Flask) -> str:
    """A confirmed booking of the demo with a circuit whose switch does not answer."""
    with centre_app.app_context(), transaction():
        booking = db.session.scalars(
            sa.select(Booking)
            .join(Booking.lines)
            .join(Line.resource)
            .where(
                Booking.status == BookingStatus.CONFIRMED,
                Booking.ends_at > clock.now(),
                Line.resource.has(kind=ResourceKind.CIRCUIT),
            )
            .order_by(Booking.id)
        ).first()
        assert booking is not None
        for device in db.session.scalars(sa.select(Device).where(Device.name.like("SW-%"))):
            device.status = DeviceStatus.DOWN
        return booking.reference


def test_an_operator_signs_for_what_is_red_by_keyboard(
    sign_in: SignIn, reference: str, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/bookings/{reference}")
    panel = page.locator("#readiness")
    expect(panel).to_contain_text("Chưa sẵn sàng")
    panel.scroll_into_view_if_needed()
    picture(page, "readiness")
    assert axe.violations(page) == []
    fits_a_telephone(page, "readiness-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    panel.get_by_role("button", name="Ký xác nhận").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.type("Đài có đường truyền dự phòng")
    page.locator("dialog[open] button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#readiness")).to_contain_text("Đài có đường truyền dự phòng")
    assert complaints == []
