"""An operator works through the violations by keyboard, on a wide screen and on a telephone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations
from monitoring.models import Device, Platform, Violation
from monitoring.policy import Finding, Result
from monitoring.rules import Severity
from rental.models import Booking, BookingStatus, Line, Resource, ResourceKind
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import DESK, DIRECTOR, OPERATOR

FOUND = (("N01", Severity.CRITICAL), ("N19", Severity.HIGH), ("N16", Severity.LOW))


@pytest.fixture
def work(centre_app: Flask) -> None:
    """Violations on the demo's devices; one of them serves an event that runs now."""
    now = clock.now()
    with centre_app.app_context(), transaction():
        devices = list(db.session.scalars(sa.select(Device).order_by(Device.id)))
        for number, device in enumerate(devices):
            rule, severity = FOUND[number % len(FOUND)]
            found = Finding(rule, Result.FAIL, severity, ("line vty 0 4",), "telnet")
            violations.open_or_refresh(device, found, at=now - timedelta(days=5 * number))
        busy = next(device for device in devices if device.resource_id is not None)
        like = db.session.scalars(sa.select(Booking).limit(1)).one()
        running = Booking(
            reference="BK-RISK-0001",
            unit_id=like.unit_id,
            member_id=like.member_id,
            title="Truyền hình trực tiếp phiên khai mạc",
            event_kind=like.event_kind,
            status=BookingStatus.CONFIRMED,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=2),
        )
        running.lines = [
            Line(
                resource_id=busy.resource_id,
                quantity=1,
                starts_at=running.starts_at,
                ends_at=running.ends_at,
            )
        ]
        db.session.add(running)
    yield
    with centre_app.app_context(), transaction():
        db.session.execute(sa.delete(Violation))
        db.session.delete(
            db.session.scalars(sa.select(Booking).filter_by(reference="BK-RISK-0001")).one()
        )


def test_violations_are_worked_through_by_risk(
    work: None, sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    picture(page, "violations-home")
    assert axe.violations(page) == []
    fits_a_telephone(page, "violations-home-telephone")
    page.goto("/violations")
    first = page.locator("#results tbody tr").first
    expect(first).to_contain_text("Đang được sử dụng")
    picture(page, "violations")
    assert axe.violations(page) == []
    fits_a_telephone(page, "violations-telephone")
    page.get_by_label("Sắp xếp theo").focus()
    page.keyboard.press("End")
    page.wait_for_url("**sort=oldest**")
    first.locator(".row-link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    picture(page, "violation")
    assert axe.violations(page) == []
    fits_a_telephone(page, "violation-telephone")
    assert complaints == []


@pytest.mark.usefixtures("grave_takes_two")
def test_a_waiver_is_asked_for_by_keyboard_and_approved_by_a_second_person(
    work: None, sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto("/violations?severity=critical")
    page.locator("#results .row-link").first.click()
    page.get_by_role("button", name="Miễn áp dụng").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Đang phục vụ phiên khai mạc, thay ngay sau đó")
    page.get_by_label("Đến hết ngày").fill((clock.today() + timedelta(days=3)).isoformat())
    picture(page, "waiver-asked")
    assert axe.violations(page) == []
    fits_a_telephone(page, "waiver-asked-telephone")
    page.get_by_role("button", name="Gửi đề nghị").press("Enter")
    expect(page.locator(".notes").last).to_contain_text("đề nghị miễn áp dụng")
    picture(page, "waiver-waits")
    director = sign_in(DIRECTOR)
    director.goto("/violations/waivers")
    picture(director, "waivers-waiting")
    assert axe.violations(director) == []
    fits_a_telephone(director, "waivers-waiting-telephone")
    director.get_by_role("button", name="Đồng ý").first.press("Enter")
    director.locator("dialog[open] button[type=submit]").press("Enter")
    expect(director.locator(".notes").last).to_contain_text("phê duyệt")
    picture(director, "waiver-in-force")
    assert axe.violations(director) == []
    director.goto("/violations/waivers")
    picture(director, "waivers-in-force")
    assert axe.violations(director) == []
    fits_a_telephone(director, "waivers-in-force-telephone")
    assert complaints == []


@pytest.fixture
def lacking(centre_app: Flask) -> Iterator[tuple[int, str]]:
    """A violation whose device serves what a coming booking rents; the booking's reference."""
    with centre_app.app_context(), transaction():
        coming = db.session.scalars(
            sa.select(Line)
            .join(Line.booking)
            .join(Line.resource)
            .where(
                Booking.status == BookingStatus.CONFIRMED,
                Line.starts_at > clock.now(),
                Resource.kind == ResourceKind.HALL,
                Resource.seats < 100,
            )
            .order_by(Line.starts_at)
        ).first()
        assert coming is not None
        device = Device(
            site_id=coming.resource.site_id,
            name="SW-STRANDED",
            platform=Platform.CISCO_IOS,
            address="127.0.0.9",
            resource_id=coming.resource_id,
        )
        db.session.add(device)
        db.session.flush()
        found = Finding("N01", Result.FAIL, Severity.CRITICAL, ("line vty 0 4",), "telnet")
        violation = violations.open_or_refresh(device, found)
        enforcement.settle(device)
        ids = violation.id, coming.booking.reference, device.id
    yield ids[:2]
    with centre_app.app_context(), transaction():
        violations.resolve(violations.get(ids[0]))
        enforcement.settle(db.session.get_one(Device, ids[2]))
        db.session.delete(db.session.get_one(Device, ids[2]))


def test_the_desk_swaps_what_is_quarantined_by_keyboard(
    lacking: tuple[int, str], sign_in: SignIn, complaints: list[str]
) -> None:
    violation, reference = lacking
    operator = sign_in(OPERATOR)
    operator.goto(f"/violations/{violation}")
    expect(operator.locator("#affected")).to_contain_text(reference)
    picture(operator, "violation-affected")
    assert axe.violations(operator) == []
    fits_a_telephone(operator, "violation-affected-telephone")
    page = sign_in(DESK)
    page.goto(f"/bookings/{reference}")
    picture(page, "booking-stranded")
    assert axe.violations(page) == []
    fits_a_telephone(page, "booking-stranded-telephone")
    page.get_by_role("button", name="Thay hạng mục đã đặt").press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã thay bằng")
    assert complaints == []
