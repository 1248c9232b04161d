"""An operator sees why a device was taken off the calendar for its TLS, and asks it again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from config import clock
from config.database import db, transaction
from monitoring import endpoints, policy, reaching, tls_rules, violations
from monitoring.endpoints import NewEndpoint
from monitoring.models import Device, Endpoint, FindingRow, Violation
from monitoring.probes.reached import EndpointKind, Reached
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
NAME = "ENC-03"


@pytest.fixture
def work(centre_app: Flask) -> dict[str, int]:
    """A page over HTTPS of an encoder that ends in two weeks and offers TLS 1.0 and 1.1."""
    at = clock.now()
    certificate = {
        "subject": "CN=enc-03.centre.example",
        "issuer": "CN=Trung tâm – CA nội bộ",
        "begins_at": (at - timedelta(days=351)).isoformat(),
        "ends_at": (at + timedelta(days=14, hours=5)).isoformat(),
        "is_named": True, "trust": "", "weak": [], "names": [], "key": "RSA 2048",
    }  # fmt: skip
    offers = {"TLSv1": True, "TLSv1.1": True, "TLSv1.2": True, "TLSv1.3": False}
    with centre_app.app_context():
        with transaction():
            device = db.session.scalars(sa.select(Device).where(Device.name == NAME)).one()
            new = NewEndpoint("Trang quản trị", EndpointKind.HTTP, 443, is_secure=True)
            page = endpoints.add(device, new, by=None)
            seen = {"certificate": certificate, "offers": offers, "status": 200}
            reaching.record([Reached(reaching.goal(page), 0.08, seen)], at)
            ids = {"device": device.id, "endpoint": page.id}
            site_id = device.site_id
        # The encoder, and the demo's streaming server where nobody has judged it yet.
        assert tls_rules.judge_site(site_id, policy.load()) in (1, 2)
        with transaction():
            violation = violations.find_open(db.session.get_one(Device, ids["device"]), "X04")
            assert violation is not None
            ids["violation"] = violation.id
    yield ids
    with centre_app.app_context():
        with transaction():
            endpoints.remove(db.session.get_one(Endpoint, ids["endpoint"]), by=None)
        tls_rules.judge_site(site_id, policy.load())
        with transaction():
            db.session.execute(sa.delete(FindingRow))
            db.session.execute(sa.delete(Violation))


def _look(page: Page, path: str, name: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    picture(page, name)
    assert axe.violations(page) == [], path
    page.set_viewport_size(PHONE)
    picture(page, f"{name}-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_an_operator_sees_what_is_wrong_with_tls_and_asks_again(
    work: dict[str, int], sign_in: SignIn, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    for path, name in (
        ("/policies", "tls-policies"),
        ("/policies/X01", "tls-rule"),
        ("/policies/X04", "tls-rule-grave"),
        ("/violations", "tls-violations"),
        (f"/violations/{work['violation']}", "tls-violation"),
        (f"/devices/{work['device']}", "tls-device"),
        ("/devices/certificates", "tls-certificates"),
    ):
        _look(page, path, name)
    page.set_viewport_size(DESK)
    page.goto(f"/violations/{work['violation']}")
    expect(page.locator("main")).to_contain_text("Trang quản trị: nhận TLSv1.1")
    assert complaints == []
