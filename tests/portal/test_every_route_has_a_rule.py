"""Every address of the service, every role, and the records of another unit.

A new route without a line here fails: somebody has to say who may use it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from billing import invoices
from config.database import transaction
from portal import access
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests.portal import gathered_rules
from tests.portal.two_units import PERSON, REASON, RENTERS, TITLE, UNIT, Scene, set_up

OPEN = "anybody, signed in or not"
SIGNED_IN = "anybody signed in"
MACHINES = "Prometheus: by token or from loopback"

# Who may: a verb of the table of access, or one of the three above.
PAGES = {
    "GET /": SIGNED_IN,
    "GET /approvals": "answer approvals",
    "POST /approvals/<int:approval_id>/answer": "answer approvals",
    "GET /a/<tag>": "see the catalogue",
    "GET /bookings": "see own bookings",
    "POST /bookings": "request bookings",
    "GET /bookings/<reference>": "see own bookings",
    "POST /bookings/<reference>/cancel": "change own bookings",
    "POST /bookings/<reference>/comparison": "change own bookings",
    "POST /bookings/<reference>/confirm": "confirm bookings",
    "POST /bookings/<reference>/decline": "decline bookings",
    "GET /agreements": "see own agreements",
    "GET /agreements/<int:agreement_id>": "see own agreements",
    "GET /agreements/progress.<form>": "see own agreements",
    "GET /agreements/new": "manage agreements",
    "POST /agreements": "manage agreements",
    "GET /agreements/<int:agreement_id>/edit": "manage agreements",
    "POST /agreements/<int:agreement_id>/edit": "manage agreements",
    "POST /agreements/<int:agreement_id>/end": "manage agreements",
    "GET /clearances": "answer clearances",
    "POST /clearances/due": "request bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/accept": "answer clearances",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/cancel": (
        "change every unit's bookings"
    ),
    "POST /bookings/<reference>/clearances/<int:clearance_id>/demand": "answer clearances",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/exempt": "change own bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/lodge": "change own bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/refuse": "answer clearances",
    "POST /bookings/<reference>/files": "change own bookings",
    "GET /bookings/<reference>/files/<int:file_id>": "see own bookings",
    "POST /bookings/<reference>/files/<int:file_id>/delete": "change own bookings",
    "GET /bookings/<reference>/files/<int:file_id>/image": "see own bookings",
    "GET /bookings/<reference>/edit": "change own bookings",
    "POST /bookings/<reference>/edit": "change own bookings",
    "POST /bookings/<reference>/hand-over": "hand over bookings",
    "POST /bookings/<reference>/invoice": "issue invoices",
    "POST /bookings/<reference>/no-show": "mark no-shows",
    "GET /bookings/<reference>/papers/<name>.pdf": "see own bookings",
    "GET /bookings/<reference>/papers/packing-list.pdf": "see every unit's bookings",
    "GET /bookings/<reference>/papers/readiness.pdf": "see every unit's bookings",
    "GET /bookings/<reference>/programme": "change own bookings",
    "POST /bookings/<reference>/programme": "change own bookings",
    "POST /bookings/<reference>/return": "return bookings",
    "POST /bookings/<reference>/sharing/ask": "change own bookings",
    "POST /bookings/<reference>/sharing/decline": "publish events",
    "POST /bookings/<reference>/sharing/publish": "publish events",
    "POST /bookings/<reference>/sharing/withdraw": "change own bookings",
    "POST /bookings/<reference>/wish": "change own bookings",
    "POST /bookings/<reference>/wish/answer": "change every unit's bookings",
    "GET /bookings/new": "request bookings",
    "POST /bookings/preview": "request bookings",
    "GET /calendar": "see the catalogue",
    "GET /calendar/<token>.ics": OPEN,
    "POST /calendar/moves": "change own bookings",
    "POST /calendar/moves/preview": "change own bookings",
    "GET /calendar/rows": "see the catalogue",
    "GET /catalogue": "see the catalogue",
    "GET /catalogue/<code>": "see the catalogue",
    "POST /catalogue/<code>/closures": "close resources",
    "POST /catalogue/<code>/closures/<int:closure_id>/reopen": "close resources",
    "POST /catalogue/<code>/owner": "manage catalogue",
    "GET /catalogue/labels": "look after assets",
    "GET /catalogue/labels.pdf": "look after assets",
    "GET /counter": "hand over bookings",
    "GET /counter/bookings/<reference>": "hand over bookings",
    "POST /counter/damages/<int:damage_id>/mend": "return bookings",
    "GET /counter/look": "hand over bookings",
    "POST /counter/movements/<int:movement_id>/pictures": "return bookings",
    "POST /counter/scans": "return bookings",
    "GET /desk": "confirm bookings",
    "GET /desk/overdue": "return bookings",
    "GET /devices": "see devices",
    "GET /devices/<int:device_id>": "see devices",
    "POST /devices/<int:device_id>/host-keys/<int:key_id>/approve": "manage devices",
    "GET /devices/outages": "see outages",
    "GET /exports/assets.<form>": "see every unit's bookings",
    "GET /exports/bookings.<form>": "export bookings",
    "GET /exports/lines.<form>": "export bookings",
    "GET /exports/resources.<form>": "see the catalogue",
    "GET /exports/utilisation.<form>": "see utilisation",
    "GET /feeds": "make own feeds",
    "POST /feeds": "make own feeds",
    "POST /feeds/<int:feed_id>/revoke": "make own feeds",
    "GET /find": "see the catalogue",
    "GET /healthz": OPEN,
    "GET /holds": "see own bookings",
    "POST /holds": "place holds",
    "GET /holds/<hold>": "see own bookings",
    "POST /holds/<hold>/convert": "place holds",
    "POST /holds/<hold>/extend": "place holds",
    "POST /holds/<hold>/release": "place holds",
    "GET /imports/bookings": "import bookings",
    "POST /imports/bookings": "import bookings",
    "POST /imports/bookings/preview": "import bookings",
    "GET /imports/bookings/template.<form>": "import bookings",
    "GET /invoices": "see own invoices",
    "GET /invoices/<int:invoice_id>": "see own invoices",
    "POST /invoices/<int:invoice_id>/credit-notes": "credit invoices",
    "GET /invoices/<int:invoice_id>/credit-notes/<int:note_id>.pdf": "see own invoices",
    "POST /invoices/<int:invoice_id>/discard": "issue invoices",
    "GET /invoices/<int:invoice_id>/invoice.pdf": "see own invoices",
    "POST /invoices/<int:invoice_id>/issue": "issue invoices",
    "POST /invoices/<int:invoice_id>/payments": "record payments",
    "GET /invoices/<int:invoice_id>/vietqr.svg": "see own invoices",
    "GET /journal": "see journal",
    "GET /maintenance": "look after assets",
    "GET /maintenance/history": "look after assets",
    "GET /maintenance/plans": "look after assets",
    "POST /maintenance/plans": "look after assets",
    "GET /maintenance/plans/<int:plan_id>": "look after assets",
    "POST /maintenance/plans/<int:plan_id>": "look after assets",
    "POST /maintenance/plans/<int:plan_id>/begin": "look after assets",
    "GET /maintenance/plans/new": "look after assets",
    "POST /maintenance/services": "look after assets",
    "POST /maintenance/services/<int:service_id>/drop": "look after assets",
    "POST /maintenance/services/<int:service_id>/finish": "look after assets",
    "GET /maintenance/services/new": "look after assets",
    "GET /metrics": MACHINES,
    # Proven by Stripe's signature.
    "POST /webhooks/stripe": OPEN,
    "GET /programme": OPEN,
    "GET /programme.ics": OPEN,
    "GET /programme.json": OPEN,
    "GET /prometheus/targets": MACHINES,
    "GET /proposals": "decide proposals",
    "POST /proposals/<int:proposal_id>/accept": "decide proposals",
    "POST /proposals/<int:proposal_id>/drop": "decide proposals",
    "GET /readyz": OPEN,
    "GET /reports/utilisation": "see utilisation",
    "GET /series/<series_reference>": "see own bookings",
    "POST /series/<series_reference>/cancel": "change own bookings",
    "POST /series/<series_reference>/confirm": "confirm bookings",
    "POST /series/<series_reference>/dates": "change own bookings",
    "POST /series/<series_reference>/decline": "decline bookings",
    "POST /series/<series_reference>/extend": "change own bookings",
    "POST /series/<series_reference>/reconfirm": "change own bookings",
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "POST /sign-out": OPEN,
    "GET /static/<path:filename>": OPEN,
    "GET /violations": "see violations",
    "GET /violations/<int:violation_id>": "see violations",
    "POST /violations/<int:violation_id>/acknowledge": "acknowledge violations",
    "POST /violations/<int:violation_id>/waive": "waive violations",
    "GET /waitlist": "see own bookings",
    "POST /waitlist": "place holds",
    "GET /waitlist/new": "place holds",
    "POST /waitlist/<wait>/withdraw": "place holds",
}
API = {
    "GET /approvals": "answer approvals",
    "GET /availability": "see the catalogue",
    "GET /bookings": "see own bookings",
    "POST /bookings": "request bookings",
    "GET /bookings/<reference>": "see own bookings",
    "GET /bookings/<reference>/approvals": "see own bookings",
    "POST /bookings/<reference>/approvals": "answer approvals",
    "PATCH /bookings/<reference>": "change own bookings",
    "POST /bookings/<reference>/cancel": "change own bookings",
    "GET /bookings/<reference>/cancellation": "see own bookings",
    "POST /bookings/<reference>/duplicate": "request bookings",
    "POST /bookings/<reference>/confirm": "confirm bookings",
    "POST /bookings/<reference>/decline": "decline bookings",
    "GET /bookings/<reference>/clearances": "see own bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/accept": "answer clearances",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/demand": "answer clearances",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/exempt": "change own bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/lodge": "change own bookings",
    "POST /bookings/<reference>/clearances/<int:clearance_id>/refuse": "answer clearances",
    "GET /bookings/<reference>/files": "see own bookings",
    "POST /bookings/<reference>/files": "change own bookings",
    "GET /bookings/<reference>/files/<int:file_id>": "see own bookings",
    "POST /bookings/<reference>/hand-over": "hand over bookings",
    "POST /bookings/<reference>/invoice": "issue invoices",
    "POST /bookings/<reference>/no-show": "mark no-shows",
    "GET /bookings/<reference>/papers/<name>.pdf": "see own bookings",
    "GET /bookings/<reference>/papers/packing-list.pdf": "see every unit's bookings",
    "GET /bookings/<reference>/papers/readiness.pdf": "see every unit's bookings",
    "POST /bookings/<reference>/return": "return bookings",
    "GET /credit-notes/<int:credit_note_id>.pdf": "see own invoices",
    "GET /devices": "see devices",
    "POST /devices": "manage devices",
    "GET /devices/<int:device_id>": "see devices",
    "GET /devices/<int:device_id>/readings": "see devices",
    "GET /exports/assets.csv": "see every unit's bookings",
    "GET /exports/assets.xlsx": "see every unit's bookings",
    "GET /exports/bookings.csv": "export bookings",
    "GET /exports/bookings.xlsx": "export bookings",
    "GET /exports/lines.csv": "export bookings",
    "GET /exports/lines.xlsx": "export bookings",
    "GET /exports/resources.csv": "see the catalogue",
    "GET /exports/resources.xlsx": "see the catalogue",
    "GET /exports/utilisation.csv": "see utilisation",
    "GET /exports/utilisation.xlsx": "see utilisation",
    "GET /free": "see the catalogue",
    "GET /holds": "see own bookings",
    "POST /holds": "place holds",
    "GET /holds/<hold>": "see own bookings",
    "POST /holds/<hold>/convert": "place holds",
    "POST /holds/<hold>/extend": "place holds",
    "POST /holds/<hold>/release": "place holds",
    "POST /imports/bookings": "import bookings",
    "GET /invoices": "see own invoices",
    "GET /invoices/<int:invoice_id>": "see own invoices",
    "GET /invoices/<int:invoice_id>.pdf": "see own invoices",
    "GET /invoices/<int:invoice_id>.xml": "see own invoices",
    "POST /invoices/<int:invoice_id>/credit-notes": "credit invoices",
    "POST /invoices/<int:invoice_id>/payments": "record payments",
    "GET /maintenance": "look after assets",
    "GET /maintenance/services": "look after assets",
    "GET /openapi.json": OPEN,
    "GET /outages": "see outages",
    "POST /quotes": "request bookings",
    "GET /resources": "see the catalogue",
    "POST /resources": "manage catalogue",
    "GET /resources/<code>": "see the catalogue",
    "GET /series/<series_reference>": "see own bookings",
    "PATCH /series/<series_reference>": "change own bookings",
    "POST /series/<series_reference>/dates": "change own bookings",
    "POST /series/<series_reference>/reconfirm": "change own bookings",
    "POST /series/preview": "request bookings",
    "GET /violations": "see violations",
    "POST /violations/<int:violation_id>/acknowledge": "acknowledge violations",
    "POST /violations/<int:violation_id>/waive": "waive violations",
    "GET /waitlist": "see own bookings",
    "POST /waitlist": "place holds",
    "GET /waitlist/<wait>": "see own bookings",
    "POST /waitlist/<wait>/withdraw": "place holds",
}
PAGES |= gathered_rules.PAGES
API |= gathered_rules.API
RULES = PAGES | {call.replace(" ", " /api/v1", 1): who for call, who in API.items()}
OF_A_UNIT: tuple[str, ...] = ("<reference>", "<series_reference>", "<int:invoice_id>")
OF_A_UNIT += ("<int:credit_note_id>", "<int:note_id>", "<int:notice_id>")
OF_A_UNIT += ("<hold>", "<wait>", "<int:approval_id>", "<int:agreement_id>")
OF_A_UNIT += ("<unit_slug>", "<int:payment_id>")


@pytest.fixture
def scene(service: Flask) -> Scene:
    """Everything committed."""
    scene = Scene(service)
    with transaction():
        set_up(scene)
    return scene


def _calls(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if "/trouble/" not in rule.rule and "/sql/" not in rule.rule
    }


def test_every_route_has_a_rule_and_every_rule_a_route(built: Flask) -> None:
    assert _calls(built) == set(RULES)


@pytest.mark.parametrize("call", [call for call, who in RULES.items() if who != OPEN])
def test_a_visitor_is_asked_to_sign_in(scene: Scene, call: str) -> None:
    found = scene.ask(call, None)
    if RULES[call] is MACHINES:
        assert found.status_code == 200
        assert scene.app.test_client().get(
            call.split()[1], environ_base={"REMOTE_ADDR": "192.0.2.1"}
        ).status_code == 403  # fmt: skip
        return
    if "/api/" in call:
        assert found.status_code == 401
    else:
        assert (found.status_code, found.location.split("?")[0]) == (302, "/sign-in")
    assert "no-store" in found.headers["Cache-Control"]


@pytest.mark.parametrize("call", [call for call, who in RULES.items() if who in access.TABLE])
def test_each_role_may_what_the_table_says_and_no_more(scene: Scene, call: str) -> None:
    for role in Role:
        may = role in access.TABLE[RULES[call]]
        status = scene.ask(call, role.value).status_code
        assert (status != 403) == may, f"{call} as {role.value} answered {status}"
        assert status < 500


@pytest.mark.parametrize("call", [call for call in RULES if any(one in call for one in OF_A_UNIT)])
@pytest.mark.parametrize("role", sorted(RENTERS))
def test_a_record_of_another_unit_does_not_exist(scene: Scene, call: str, role: Role) -> None:
    may = role in access.TABLE[RULES[call]]
    there = scene.ask(call, role.value)
    assert there.status_code == (404 if may else 403)
    text = there.get_data(as_text=True)
    assert not any(secret in text for secret in (TITLE, REASON, UNIT, PERSON))
    missing = {**scene.ids, "reference": "BK-ZZZZ-ZZZZ", "series_reference": "SR-ZZZZ-ZZZZ"}
    missing |= {"hold": "HD-ZZZZ-ZZZZ", "wait": "WL-ZZZZ-ZZZZ", "approval_id": 99_999}
    missing |= dict.fromkeys(
        ("payment_id", "invoice_id", "note_id", "credit_note_id", "agreement_id"), 99_999
    )
    nowhere = Scene(scene.app, missing, scene.members, scene.bearers).ask(call, role.value)
    assert nowhere.status_code == there.status_code
    assert _plain(nowhere) == _plain(there), "the answer tells what exists"


def _plain(answer: Any) -> str:
    """The answer without what differs by nature: ids of requests, nonces, the address itself."""
    text = re.sub(
        r"(?:BK|SR|HD|WL)-\w{4}-\w{4}|\b99999\b|/\d+\b", "", answer.get_data(as_text=True)
    )
    return re.sub(
        r'[0-9a-f]{32}|nonce="[^"]*"|name="csrf_token" value="[^"]*"|"[\w-]+\.[\w-]+\.[\w-]+"',
        "",
        text,
    )


def test_a_draft_is_the_centres_own_paper(scene: Scene) -> None:
    with transaction():
        owner, desk = scene.ids["owner"], scene.ids["desk"]
        at = datetime(2030, 3, 5, 2, tzinfo=UTC)
        lines = [WantedLine("CAM", 1, Period(at, at + timedelta(hours=2)))]
        second = RequestedBooking(owner.unit, "Họp", EventKind.CONFERENCE, lines)
        booking = bookings.request(second, by=owner)
        bookings.confirm(booking, by=desk)
        ids = scene.ids | {"invoice_id": invoices.draft_for(booking).id}
    for who in ("owner", "owning head"):
        for call in RULES:
            is_own = RULES[call] == "see own invoices" and not re.search("note_id|notice_id", call)
            if call.startswith("GET") and "<int:invoice_id>" in call and is_own:
                asked = Scene(scene.app, ids, scene.members, scene.bearers)
                assert asked.ask(call, who).status_code == 404, call


def test_every_page_that_changes_something_asks_for_a_csrf_token(scene: Scene) -> None:
    for call in RULES:
        method, rule = call.split(" ", 1)
        if method == "GET" or rule.startswith("/webhooks/"):
            continue
        # Also the API, where the browser's cookie is what says who asks.
        found = scene.browser(Role.ADMINISTRATOR.value).open(scene.address(rule), method=method)
        assert found.status_code == 400, call
        assert "CSRF" in found.get_data(as_text=True) or "form" in found.get_data(as_text=True)


@pytest.mark.parametrize("number", ["2147483648", "9" * 20, "9" * 400, "-1", "0", "1e3", "%00"])
def test_an_id_that_no_row_can_have_is_not_found(scene: Scene, number: str) -> None:
    for call in RULES:
        method, rule = call.split(" ", 1)
        if "<int:" in rule and method == "GET":
            asked = {name: number for name in scene.ids if name.endswith("_id")}
            other = Scene(scene.app, scene.ids | asked, scene.members, scene.bearers)
            assert other.ask(call, Role.ADMINISTRATOR.value).status_code == 404, call
