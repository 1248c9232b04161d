"""The page of a port: bookings are let switch it by keyboard; what was done; telephone and axe."""

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import expect

from config.database import db, transaction
from monitoring import port_reasons
from monitoring.models import AccessPort, PortChange
from monitoring.port_reasons import because
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_health import fits_a_telephone
from tests.browser.test_personas import OPERATOR


@pytest.fixture(scope="module")
def port_id(centre_app: Flask) -> int:
    """A port of the demo at which one change was made and one was refused."""
    with centre_app.app_context(), transaction():
        port_id = db.session.scalars(sa.select(AccessPort.id).order_by(AccessPort.id)).first()
        typed = ["switchport access vlan 110", "no shutdown"]
        behind = because(port_reasons.NEIGHBOUR, port="GigabitEthernet1/0/9")
        # Faster than its circuit is rented as.
        db.session.get_one(AccessPort, port_id).speed_mbps = 10_000
        for outcome, reason in (("applied", None), ("refused", behind)):
            change = PortChange(
                port_id=port_id,
                is_on=True,
                vlan=110,
                outcome=outcome,
                commands=typed if reason is None else [],
                reasons=[reason.as_json()] if reason is not None else [],
                has_dead_man=reason is None,
                seconds=1.4,
            )
            db.session.add(change)
    return int(port_id or 0)


def test_an_operator_lets_bookings_switch_a_port_by_keyboard(
    sign_in: SignIn, port_id: int, complaints: list[str]
) -> None:
    page = sign_in(OPERATOR)
    page.goto(f"/devices/access-ports/{port_id}")
    page.get_by_role("button", name="Cho lượt đặt bật tắt").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cho lượt đặt bật tắt").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Đang chờ đến lượt")
    picture(page, "port")
    assert axe.violations(page) == []
    fits_a_telephone(page, "port-telephone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Giới hạn bởi thứ khác").focus()
    page.keyboard.press("Enter")
    picture(page, "port-limit")
    page.keyboard.type("Bộ giới hạn trên CORE-1")
    page.keyboard.press("Enter")
    expect(page.locator("main")).not_to_contain_text("không có gì giữ cổng")
    expect(page.locator("dl.facts")).to_contain_text("Bộ giới hạn trên CORE-1")
    page.goto("/devices/circuits")
    expect(page.locator(".port-look").first).to_be_visible()
    picture(page, "circuits-switched")
    assert axe.violations(page) == []
    fits_a_telephone(page, "circuits-switched-telephone")
    assert complaints == []
