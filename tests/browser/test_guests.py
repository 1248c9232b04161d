"""Wi-Fi for guests in a browser: the unit reads it, the desk renews it; telephone and axe."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring import guests
from monitoring.models import GuestAccess
from portal import keys
from rental.models import Booking, BookingStatus, EventKind, Line, Member, Resource
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import DESK, MEMBER


@pytest.fixture(scope="module")
def reference(centre_app: Flask) -> str:
    """A booking of the demo's hall that begins in an hour, its credential made."""
    with centre_app.app_context(), transaction():
        member = db.session.scalars(sa.select(Member).where(Member.email == MEMBER)).one()
        hall = db.session.scalars(sa.select(Resource).where(Resource.code == "H100")).one()
        starts = clock.now().replace(microsecond=0) + timedelta(hours=1)
        made = Booking(
            reference="BK-WIFI-TEST",
            unit=member.unit,
            member=member,
            title="Họp báo ra mắt phim",
            event_kind=EventKind.CONFERENCE,
            status=BookingStatus.CONFIRMED,
            starts_at=starts,
            ends_at=starts + timedelta(hours=3),
        )
        made.lines = [
            Line(resource=hall, quantity=1, starts_at=starts, ends_at=made.ends_at),
        ]
        db.session.add(made)
        db.session.flush()
        guests.settle(made.id, keys.keyring(centre_app.extensions["settings"]), clock.now())
        return made.reference


def test_the_unit_finds_name_passphrase_and_code(
    sign_in: SignIn, reference: str, complaints: list[str]
) -> None:
    page = sign_in(MEMBER)
    page.goto(f"/bookings/{reference}")
    link = page.get_by_role("link", name="MediaCenter Press")
    expect(link).to_be_visible()
    picture(page, "guests-booking")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".guest-secret")).to_be_visible()
    picture(page, "guests")
    assert axe.violations(page) == []
    fits_a_telephone(page, "guests-telephone")
    assert complaints == []


def test_the_desk_renews_by_keyboard(
    sign_in: SignIn, reference: str, complaints: list[str]
) -> None:
    page = sign_in(DESK)
    page.goto(f"/bookings/{reference}/guests")
    before = page.locator(".guest-secret").inner_text()
    for name in ("Thu hồi", "Cấp lại"):
        page.get_by_role("button", name=name).first.focus()
        page.keyboard.press("Enter")
        dialog = page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        expect(page.locator(".flash, [role=status]").first).to_be_visible()
        picture(page, f"guests-{'revoked' if name == 'Thu hồi' else 'renewed'}")
    expect(page.locator(".guest-secret")).not_to_have_text(before)
    assert axe.violations(page) == []
    assert complaints == []


def test_nothing_of_it_is_left_in_the_open(centre_app: Flask, reference: str) -> None:
    with centre_app.app_context():
        row = db.session.scalars(sa.select(GuestAccess)).one()
        ring = keys.keyring(centre_app.extensions["settings"])
        assert guests.passphrase_of(row, ring).encode() not in (row.sealed or b"")
