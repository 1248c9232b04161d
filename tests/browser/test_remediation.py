"""An operator has a violation looked at by a playbook; the director lets just that be applied."""

from flask import Flask
from playwright.sync_api import Page, expect

from config.database import db, transaction
from monitoring import problems, remediations, remedy_reasons, violations
from monitoring.models import Device, Platform, RemediationStatus
from monitoring.probes.playbooks import Change
from monitoring.problems import NewProblem
from monitoring.reasons import because
from monitoring.rules import Severity
from rental import journal
from tests.browser import axe
from tests.browser.conftest import SignIn, picture
from tests.browser.test_personas import OPERATOR
from tests.monitoring.policy_world import a_failure

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
DIRECTOR = "director@centre.example"
BEFORE = "# Media Center\nMaxAuthTries 4\n"


def _a_violation() -> int:
    device = db.session.scalars(db.select(Device).where(Device.platform == Platform.LINUX)).first()
    assert device is not None
    finding = a_failure("L01", Severity.HIGH, evidence=("permitrootlogin yes",))
    return violations.open_or_refresh(device, finding).id


def _checked(remediation_id: int) -> None:
    """What a worker writes once it has looked."""
    one = remediations.get(remediation_id)
    path = "/etc/ssh/sshd_config.d/00-media-center.conf"
    change = Change("Set the options", path, BEFORE, f"{BEFORE}PermitRootLogin no\n")
    one.artefact, one.digest = remediations.artefact([change], one.playbook)
    one.move_to(RemediationStatus.CHECKED)


def _gone_back(remediation_id: int) -> None:
    """What workers write where one was killed and the next one took it back."""
    one = remediations.get(remediation_id)
    one.move_to(RemediationStatus.APPLYING)
    one.move_to(RemediationStatus.ROLLED_BACK)
    one.because(because(remedy_reasons.DIED), because(remedy_reasons.UNCONFIRMED))
    told = {"remediation": one.id, "reasons": one.reasons}
    problems.open_(one.device, NewProblem("remediation", one.rule, Severity.HIGH, evidence=told))
    journal.record(one.violation, "remediation_rolled_back", by=None, reasons=one.reasons)


def _waits(remediation_id: int) -> None:
    """What a worker writes during an event that uses the device."""
    waits = because(remedy_reasons.WAITS, booking="BK-7Q2M-4X9K")
    remediations.get(remediation_id).because(waits)


def _look(page: Page, name: str) -> None:
    page.set_viewport_size(DESK)
    picture(page, name)
    assert axe.violations(page) == [], name
    page.set_viewport_size(PHONE)
    picture(page, f"{name}-telephone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    page.set_viewport_size(DESK)


def _follow(page: Page, centre_app: Flask, here: str, violation_id: int) -> None:
    """How it waits and goes back is read on every page that speaks of it."""
    with centre_app.app_context(), transaction():
        _waits(int(here.rsplit("/", 1)[1]))
    page.goto(here)
    expect(page.get_by_role("link", name="Mở lượt đặt")).to_be_visible()
    _look(page, "remedy-waits")

    with centre_app.app_context(), transaction():
        _gone_back(int(here.rsplit("/", 1)[1]))
    page.goto(here)
    expect(page.get_by_role("alert")).to_contain_text("đã bị ngắt giữa chừng")
    _look(page, "remedy-gone-back")
    page.goto(f"/violations/{violation_id}")
    _look(page, "remedy-journal")
    page.goto("/devices/troubles?kind=problem")
    _look(page, "remedy-trouble")


def test_two_people_let_a_playbook_cure_a_host(
    centre_app: Flask, sign_in: SignIn, complaints: list[str]
) -> None:
    with centre_app.app_context(), transaction():
        violation_id = _a_violation()
    page = sign_in(OPERATOR)
    page.set_viewport_size(DESK)
    page.goto(f"/violations/{violation_id}")
    _look(page, "remedy-violation")
    page.get_by_role("button", name="Kiểm tra xem sẽ đổi gì").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Khắc phục")
    _look(page, "remedy-planned")
    here = page.url
    with centre_app.app_context(), transaction():
        _checked(int(here.rsplit("/", 1)[1]))
    page.goto(here)
    expect(page.get_by_text("người khác phải duyệt")).to_be_visible()
    expect(page.get_by_role("button", name="Đồng ý", exact=True)).to_have_count(0)

    page = sign_in(DIRECTOR)
    page.goto(here)
    _look(page, "remedy-checked")
    page.get_by_role("button", name="Đồng ý", exact=True).first.click()
    picture(page, "remedy-question")
    page.get_by_role("dialog").get_by_role("button", name="Đồng ý", exact=True).click()
    expect(page.get_by_text("Đã duyệt.")).to_be_visible()
    _follow(page, centre_app, here, violation_id)
    page.goto("/remediations")
    expect(page.get_by_role("table")).to_contain_text("L01")
    _look(page, "remedy-list")
    assert complaints == []
