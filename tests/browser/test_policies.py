"""An operator looks through the policies by keyboard, on a wide screen and on a telephone."""

from flask import Flask
from playwright.sync_api import Page, expect

from config import clock
from config.database import db, transaction
from monitoring import policy
from monitoring.models import Device, FindingRow
from portal.demo.hosts import SSHD_T
from portal.demo.ssh_switch import sample_config
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


def judge_the_demo() -> None:
    """Write what the rules find on the demo's switch and hosts, and nothing that follows."""
    for device in db.session.scalars(db.select(Device)):
        platform = device.platform.value
        text = {"cisco_ios": sample_config(), "linux": SSHD_T}.get(platform)
        if text is None:
            continue
        rules = [rule for rule in policy.load() if platform in rule.platforms]
        for found in policy.evaluate(rules, policy.evidence_from(platform, text)):
            db.session.merge(
                FindingRow(
                    device_id=device.id,
                    rule=found.rule,
                    result=found.result,
                    severity=found.severity,
                    evidence=list(found.evidence),
                    reason=found.reason,
                    at=clock.now(),
                )
            )


def _look_at_every_page(page: Page) -> None:
    for path, name in (
        ("/policies", "policies"),
        ("/policies/N03", "policies-rule"),
        ("/policies/N17", "policies-rule-platforms"),
        ("/policies/report", "policies-report"),
        ("/policies/report?by=control", "policies-controls"),
        ("/policies/report?by=month", "policies-months"),
    ):
        page.set_viewport_size(DESK)
        page.goto(path)
        picture(page, name)
        assert axe.violations(page) == [], path
        page.set_viewport_size(PHONE)
        picture(page, f"{name}-telephone")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_policies_are_read_by_keyboard(
    centre_app: Flask, sign_in: SignIn, complaints: list[str]
) -> None:
    with centre_app.app_context(), transaction():
        judge_the_demo()
    page = sign_in(OPERATOR)
    page.set_viewport_size(DESK)
    page.goto("/policies")
    page.wait_for_load_state()
    picture(page, "policies")
    assert axe.violations(page) == []
    page.get_by_label("Tìm", exact=True).focus()
    page.keyboard.type("community mặc định")
    page.keyboard.press("Tab")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.locator("#results .row-link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("community")
    page.wait_for_load_state()
    evidence = page.locator("tr", has_text="SW-PRESS-02").locator("details")
    expect(evidence).to_have_attribute("open", "")
    expect(evidence).to_contain_text("<removed>")
    evidence.locator("summary").press("Enter")
    expect(evidence).not_to_have_attribute("open", "")
    _look_at_every_page(page)
    with centre_app.app_context(), transaction():
        db.session.execute(db.delete(FindingRow))
    assert complaints == []
