"""Unit A has an event, its invoice and a credit note; unit B looks around."""

import io
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from billing import credit_notes, discounts, error_notices, invoices, ledger, payments, refunds
from billing.credit_notes import NewCredit
from billing.discounts import NewDiscount
from billing.models import NoticeField, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from billing.refunds import NewRefund
from config import clock
from config.database import db
from monitoring import credentials, device_tests, outages, problems
from monitoring.credentials import Keyring
from monitoring.models import Device, DeviceStatus, Remediation, Survey, Violation
from monitoring.probes.logins import SnmpCommunity
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from portal import tokens
from rental import (
    agreements,
    approvals,
    attachments,
    bookings,
    clearances,
    holds,
    maintenance,
    series,
    servicing,
    waitlist,
)
from rental.asking import RequestedBooking, WantedLine
from rental.attachments import Upload
from rental.holds import NewHold
from rental.maintenance import Terms
from rental.models import AgreementKind, Asset, EventKind, Resource, Role, Site
from rental.period import Period
from rental.series import RequestedSeries
from rental.servicing import NewService
from rental.waitlist import NewWait
from tests import build, files
from tests.portal.conftest import token_of

RENTERS = {Role.MEMBER, Role.HEAD}
# What a stranger must find nowhere: the words and names of unit A's event and people.
TITLE = "Ra mắt sách mật"
REASON = "nội dung riêng tư"
UNIT = "Đơn vị Anh Đào"
# Bodies of calls of a unit that are read before the record is looked for.
TOLD = {
    "approvals": {"rule": "owner:STUDIO", "status": "approved"},
    "dates": {"starts_at": "2030-03-05T09:00:00+07:00"},
    "duplicate": {"starts_on": "2030-03-05"},
    "lodge": {"file": 1, "lodged_at": "2026-11-01T09:00:00+07:00"},
    "exempt": {"reason": "Người phát ngôn"},
}
PERSON = "Nguyễn Thị Kín"


@dataclass
class Scene:
    """Unit A has an event, an invoice and a credit note; unit B looks around."""

    app: Flask
    ids: dict[str, Any] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)

    def address(self, rule: str) -> str:
        """The rule with the ids of unit A's records in it."""
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(self.ids[found[1]]), rule)

    def browser(self, who: str) -> FlaskClient:
        """A browser in which this member is signed in."""
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = f"{self.members[who]}.0"
            session["since"] = session["seen"] = int(clock.now().timestamp())
        return client

    def ask(self, call: str, who: str | None) -> Any:
        """The answer to one call of the table; API by token, pages by cookie."""
        method, rule = call.split(" ", 1)
        headers: dict[str, str] = {}
        client = self.browser(who) if who and "/api/" not in rule else self.app.test_client()
        if who and rule.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self.bearers[who]}"
        else:
            headers["X-CSRFToken"] = token_of(client)
        body: dict[str, Any] = {}
        if (method, rule.rpartition("/")[2]) == ("POST", "files") and "/api/" in rule:
            body = {"data": {"file": (io.BytesIO(files.pdf("một tệp")), "a.pdf")}}
        elif "/api/" in rule:
            told = {"title": "Họp"} if method == "PATCH" else {}
            body = {"json": TOLD.get(rule.rpartition("/")[2], told)}
        if "/api/" in rule and "/series" in rule:
            body = {"json": {"rrule": "FREQ=WEEKLY;COUNT=2"}} if method == "PATCH" else body
        place = self.address(rule) + _query(rule)
        return client.open(place, method=method, headers=headers, **body)


def _query(rule: str) -> str:
    """What calls of the API that read a query before the record want in it."""
    if "/api/" not in rule:
        return ""
    span = "from=2026-11-01T00:00Z&to=2026-11-02T00:00Z"
    queries = {
        "/readings": span,
        "device_id>/availability": span,
        "/chart": f"of=port:x&{span}",
        "/measured": span,
        "/configurations/diff": "from=1&to=2",
    }
    return next((f"?{query}" for end, query in queries.items() if rule.endswith(end)), "")


def set_up(scene: Scene) -> None:
    """Everything the tables of the test speak of; the caller commits."""
    _people(scene)
    _event(scene)
    _series(scene)
    _claims(scene)
    _agreement(scene)
    _device(scene)


def _series(scene: Scene) -> None:
    owner = scene.ids["owner"]
    starts_at = (clock.now() + timedelta(days=30)).replace(hour=2, minute=0)
    lines = [WantedLine("H100", 1, Period(starts_at, starts_at + timedelta(hours=3)))]
    wanted = RequestedBooking(owner.unit, TITLE, EventKind.CONFERENCE, lines)
    made = series.request(RequestedSeries(wanted, "FREQ=WEEKLY;COUNT=2"), by=owner)
    scene.ids["series_reference"] = made.series.reference


def _people(scene: Scene) -> None:
    centre = build.a_unit(slug="centre", is_centre=True)
    ours, theirs = build.a_unit(name=UNIT, slug="unit-a"), build.a_unit(slug="unit-b")
    people = {
        "owner": build.a_member(unit=ours, name=PERSON, email="kin@example.com"),
        "owning head": build.a_member(unit=ours, role=Role.HEAD),
        Role.MEMBER.value: build.a_member(unit=theirs),
        Role.HEAD.value: build.a_member(unit=theirs, role=Role.HEAD),
    }
    for role in set(Role) - RENTERS:
        people[role.value] = build.a_member(unit=centre, role=role)
    for name, member in people.items():
        scene.members[name] = member.id
        scene.bearers[name] = tokens.issue(member)
    scene.ids["owner"] = people["owner"]
    scene.ids["desk"] = people[Role.DESK.value]


def _event(scene: Scene) -> None:
    owner, desk = scene.ids["owner"], scene.ids["desk"]
    site = build.a_site(slug="hcmc")
    build.a_hall(site=site, code="H100")
    camera = build.equipment(site=site, code="CAM", tariff="camera")
    db.session.add(Asset(resource=camera, tag="CAM-01"))
    starts_at = (clock.now() + timedelta(days=2)).replace(hour=2, minute=0)
    period = Period(starts_at, starts_at + timedelta(hours=3))
    lines = [WantedLine("H100", 1, period), WantedLine("CAM", 2, period)]
    wanted = RequestedBooking(
        owner.unit, TITLE, EventKind.PRESS_CONFERENCE, lines, note=f"ghi chú {REASON}"
    )
    booking = bookings.request(wanted, by=owner)
    notice = attachments.add(booking, Upload(f"{TITLE}.png", files.png()), by=owner)
    (clearance,) = clearances.of(booking)
    clearances.lodge(clearance, notice, lodged_at=clock.now(), by=owner)
    bookings.confirm(booking, by=desk)
    invoice = invoices.issue(invoices.draft_for(booking), by=None)
    note = credit_notes.issue(invoice, NewCredit(REASON, Money(1000)), by=None)
    scene.ids |= _money(owner, invoice) | {
        "reference": booking.reference,
        "invoice_id": invoice.id,
        "note_id": note.id,
        "credit_note_id": note.id,
        "file_id": notice.id,
        "code_name": "tax_code",
        "clearance_id": clearance.id,
        "discount_id": discounts.propose(
            booking, NewDiscount(REASON, Decimal(5)), by=scene.ids["desk"]
        ).id,
        "code": "H100",
        "filename": "nothing.css",
        "name": "quotation",
        "period": period,
        "number": invoice.display_number,
        "paper": invoice.reference,
    }


def _money(owner: Any, invoice: Any) -> dict[str, int]:
    """Something of unit A came in, paid a little and goes back in part."""
    new = NewPayment(PaymentMethod.CASH, Money(9_000), REASON)
    payment = payments.receive(owner.unit, new, by=None)
    wrong = error_notices.issue(invoice, NoticeField.ADDRESS, "255 Trần Hưng Đạo", REASON, by=None)
    return {
        "notice_id": wrong.id,
        "payment_id": payment.id,
        "allocation_id": ledger.allocate(payment, invoice, Money(1), by=None).id,
        "refund_id": refunds.request(payment, NewRefund(Money(1), REASON), by=None).id,
    }


def _claims(scene: Scene) -> None:
    """Unit A holds a date, waits for another, and owns a studio that a third unit asks for."""
    owner, period = scene.ids["owner"], scene.ids["period"]
    later = Period(period.starts_at + timedelta(days=1), period.ends_at + timedelta(days=1))
    new = NewHold(owner.unit, TITLE, EventKind.FORUM, [WantedLine("H100", 1, later)])
    wait = NewWait(owner.unit, TITLE, EventKind.FORUM, WantedLine("H100", 1, period))
    scene.ids["hold"] = holds.place(new, by=owner).reference
    scene.ids["wait"] = waitlist.join(wait, by=owner).reference
    site = db.session.scalars(db.select(Site).filter_by(slug="hcmc")).one()
    build.a_hall(site=site, code="STUDIO", owner_id=owner.unit_id)
    third = build.a_member()
    lines = [WantedLine("STUDIO", 1, period)]
    booking = bookings.request(
        RequestedBooking(third.unit, TITLE, EventKind.SEMINAR, lines), by=third
    )
    scene.ids["approval_id"] = approvals.of(booking)[0].id


def _agreement(scene: Scene) -> None:
    terms = agreements.Terms(REASON, TITLE, AgreementKind.MEMORANDUM, date(2026, 1, 1), note=REASON)
    scene.ids["agreement_id"] = agreements.add(scene.ids["owner"].unit, terms, by=None).id


def _survey(site: Site) -> int:
    survey = Survey(site_id=site.id, network="192.0.2.0/30", credential_ids=[], total=2)
    db.session.add(survey)
    db.session.flush()
    return survey.id


def _remediation(violation: Violation) -> int:
    planned = Remediation(
        device_id=violation.device_id,
        violation_id=violation.id,
        rule="NET-1",
        playbook="sshd_options",
        variables={},
    )
    db.session.add(planned)
    db.session.flush()
    return planned.id


def _device(scene: Scene) -> None:
    room = build.a_site(slug="room")
    device = Device(name="sw-1", address="192.0.2.7", site_id=room.id, status=DeviceStatus.UP)
    db.session.add(device)
    db.session.flush()
    violation = Violation(
        device_id=device.id,
        rule="NET-1",
        severity="critical",
        status="open",
        opened_at=clock.now(),
        refreshed_at=clock.now(),
        evidence=["enable secret"],
        reason="weak",
    )
    db.session.add(violation)
    db.session.flush()
    scene.ids |= {"device_id": device.id, "key_id": 1, "violation_id": violation.id}
    scene.ids |= {"rule_id": "N01", "remediation_id": _remediation(violation)}
    keyring = Keyring(b"k" * 32)
    scene.ids["credential_id"] = credentials.add("SNMP", SnmpCommunity("x"), keyring).id
    scene.ids["test_id"] = device_tests.ask(device, by=None).id
    scene.ids["survey_id"] = _survey(room)
    scene.ids["outage_id"] = outages.open_(device, clock.now(), {}).id
    scene.ids["problem_id"] = problems.open_(device, NewProblem("sensor", "x", Severity.LOW)).id
    scene.ids |= {"closure_id": 1, "of_month": "2020-01", "port_id": 1, "link_id": 1}
    scene.ids |= {"alert_id": 1, "silence_id": 1, "delivery_id": 1, "shift_id": 1, "name": "mail"}
    scene.ids["endpoint_id"] = 1
    scene.ids |= {
        "interruption_id": 1,
        "evidence_id": 1,
        "line_number": 1,
        "version_number": 1,
        "of_month": "2020-01",
        "entry_id": 1,
    }
    scene.ids |= {"feed_id": 1, "token": "mc_feed_" + "x" * 43, "form": "csv"}
    scene.ids |= {"tag": "CAM-01", "movement_id": 1, "damage_id": 1, "proposal_id": 1}
    scene.ids |= {"run_id": 1, "month_id": 1, "write_off_id": 1, "unit_slug": "unit-a"}
    scene.ids |= _maintenance()


def _maintenance() -> dict[str, int]:
    hall = db.session.scalars(db.select(Resource).filter_by(code="H100")).one()
    plan = maintenance.add(hall, Terms("Bảo dưỡng", 90, clock.today()), by=None)
    equipment = db.session.scalars(db.select(Resource).filter_by(code="CAM")).one()
    service = servicing.begin(NewService(equipment), by=None)
    return {"plan_id": plan.id, "service_id": service.id, "use_id": 1, "access_id": 1}
