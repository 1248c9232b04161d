"""Unbilled use in a browser: the list, the evidence, a price by keyboard; telephone and axe."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from billing import unbilled
from billing.metered import CounterReading
from billing.unbilled import NewUse
from config import clock
from config.database import db, transaction
from monitoring.models import AccessPort, UnbookedRun
from rental.models import Booking, BookingStatus
from rental.period import Period
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import FINANCE, OPERATOR

BUCKET = timedelta(minutes=5)
NAME = "core-sw-1 Gi1/0/5"


@pytest.fixture(scope="module")
def port_id(centre_app: Flask) -> int:
    """A port of the demo that is used now, and was for seven hours yesterday."""
    with centre_app.app_context(), transaction():
        port = db.session.scalars(sa.select(AccessPort).order_by(AccessPort.id)).first()
        assert port is not None
        now = clock.now().replace(minute=0, second=0, microsecond=0)
        run = UnbookedRun(
            port_id=port.id,
            device_id=port.device_id,
            interface=port.interface,
            resource_id=port.resource_id,
            starts_at=now - timedelta(hours=2),
            until=now,
            peak_bps=42_300_000.0,
        )
        db.session.add(run)
        starts = now - timedelta(hours=30)
        octets, readings = 10**9, []
        for nth in range(7 * 12 + 3):
            octets += (nth % 13 + 2) * 90_000_000
            at = starts + (nth - 1) * BUCKET
            readings.append(CounterReading(NAME, at, octets, octets // 9, 10**9))
        period = Period(starts, starts + timedelta(hours=7))
        for number in (9001, 9002):
            new = NewUse(number, port.resource, port.device.name, port.interface, period)
            unbilled.take_in(new, readings)
        return port.id


def test_finance_asks_for_the_price_and_charges_by_keyboard(
    sign_in: SignIn, port_id: int, centre_app: Flask, complaints: list[str]
) -> None:
    page = sign_in(FINANCE)
    page.goto("/unbilled")
    expect(page.locator("body")).to_contain_text("Đang diễn ra")
    picture(page, "unbilled")
    assert axe.violations(page) == []
    fits_a_telephone(page, "unbilled-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("table .row-link").last.click()
    expect(page.locator("body")).to_contain_text("Chứng cứ còn nguyên")
    with centre_app.app_context():
        reference = db.session.scalars(
            sa.select(Booking.reference).where(Booking.status == BookingStatus.CONFIRMED)
        ).first()
    page.get_by_label("Lượt đặt").fill(str(reference))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile(r"^Thu \d"))).to_be_visible()
    picture(page, "unbilled-use")
    assert axe.violations(page) == []
    fits_a_telephone(page, "unbilled-use-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name=re.compile(r"^Thu \d")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("Hóa đơn kế tiếp sẽ có khoản này")
    picture(page, "unbilled-charged")
    assert complaints == []


def test_an_operator_sees_on_the_port_what_is_proposed(
    sign_in: SignIn, port_id: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/devices/access-ports/{port_id}")
    expect(page.locator("body")).to_contain_text("mà không ai đặt")
    picture(page, "port-unbooked")
    assert axe.violations(page) == []
    fits_a_telephone(page, "port-unbooked-telephone")
    assert complaints == []
