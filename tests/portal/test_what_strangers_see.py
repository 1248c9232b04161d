"""What a stranger finds of another unit's event: in lists, searches, calendars and conflicts."""

from collections.abc import Iterator

import pytest
from flask import Flask

from config import clock
from config.database import db, transaction
from portal import signin
from rental.models import Role
from tests.portal.conftest import token_of
from tests.portal.two_units import PERSON, REASON, RENTERS, TITLE, UNIT, Scene, set_up


@pytest.fixture
def scene(service: Flask) -> Scene:
    """Everything committed."""
    scene = Scene(service)
    with transaction():
        set_up(scene)
    return scene


def _looked_at(scene: Scene) -> Iterator[tuple[str, str]]:
    """Everything a renter may read that is not one record: lists, searches, calendars, counts."""
    day = scene.ids["period"].starts_at.astimezone(clock.LOCAL).date().isoformat()
    since, until = (f"{day}T0{hour}:00:00%2B07:00" for hour in (0, 9))
    for words in (TITLE, "mật", UNIT, PERSON, scene.ids["reference"], "unit-a"):
        for place in ("/bookings?when=all&q=", "/catalogue?q=", "/invoices?q=", "/calendar?q="):
            yield "page", place + words
        yield "api", f"/api/v1/bookings?q={words}"
        yield "api", f"/api/v1/resources?q={words}"
    yield "page", "/bookings?when=all&unit=unit-a"
    yield "page", f"/calendar?day={day}"
    yield "page", f"/calendar?view=week&day={day}"
    yield "page", "/catalogue/H100"
    yield "page", f"/catalogue?starts_at={day}T00:00&ends_at={day}T20:00"
    yield "page", "/"
    yield "page", "/programme"
    yield "page", "/exports/resources.csv"
    yield "api", "/api/v1/exports/resources.csv"
    yield "page", "/bookings/new?resource=H100"
    yield "page", "/holds"
    yield "page", "/waitlist"
    yield "api", "/api/v1/holds"
    yield "api", "/api/v1/waitlist"
    yield "api", "/api/v1/bookings?unit=unit-a"
    yield "api", "/api/v1/bookings?resource=H100"
    yield "api", "/api/v1/invoices"
    yield "api", f"/api/v1/availability?from={since}&to={until}&resource=H100"
    yield "api", f"/api/v1/free?from={since}&to={until}"


@pytest.mark.parametrize("role", sorted(RENTERS))
def test_no_list_search_or_calendar_tells_of_another_units_event(scene: Scene, role: Role) -> None:
    secrets = (TITLE, "Ra m&#7855;t", REASON, UNIT, PERSON, "kin@example.com", scene.ids["number"])
    references = (scene.ids["reference"], scene.ids["paper"])
    bearer = {"Authorization": f"Bearer {scene.bearers[role.value]}"}
    for kind, address in _looked_at(scene):
        client = scene.app.test_client() if kind == "api" else scene.browser(role.value)
        found = client.get(address, headers=bearer if kind == "api" else {})
        assert found.status_code == 200, address
        asked = address.partition("q=")[2]
        text = found.get_data(as_text=True)
        if asked:  # the page repeats what was typed
            text = text.replace(f'value="{asked}"', "").replace(asked, "", 0)
        told = [s for s in (*secrets, *references) if s in text and s not in asked]
        assert told == [], f"{address} told {told}"


def test_a_conflict_says_how_much_is_free_and_not_who_has_it(scene: Scene) -> None:
    period = scene.ids["period"]
    body = {
        "title": "Họp",
        "event_kind": "conference",
        "unit": "unit-a",
        "lines": [
            {
                "resource": "H100",
                "starts_at": period.starts_at.isoformat(),
                "ends_at": period.ends_at.isoformat(),
            }
        ],
    }
    bearer = {"Authorization": f"Bearer {scene.bearers['member']}"}
    client = scene.app.test_client()
    assert client.post("/api/v1/bookings", json=body, headers=bearer).status_code == 404
    assert client.post("/api/v1/quotes", json=body, headers=bearer).status_code == 404
    del body["unit"]
    refused = client.post("/api/v1/bookings", json=body, headers=bearer)
    assert refused.status_code == 409
    form = {
        "title": "Họp",
        "event_kind": "conference",
        "resource": "H100",
        "quantity": "1",
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
        "unit": "unit-a",
    }
    browser = scene.browser("member")
    form["csrf_token"] = token_of(browser)
    preview = browser.post("/bookings/preview", data=form)
    sent = browser.post("/bookings", data=form)
    assert (preview.status_code, sent.status_code) == (200, 409)
    for answer in (refused, preview, sent):
        text = answer.get_data(as_text=True)
        assert not any(secret in text for secret in (TITLE, REASON, UNIT, PERSON))
        assert scene.ids["reference"] not in text


def test_the_first_answer_is_repeated_to_nobody_else(scene: Scene) -> None:
    period = scene.ids["period"]
    line = {"resource": "CAM", "starts_at": period.starts_at.isoformat()}
    body = {
        "title": TITLE,
        "event_kind": "conference",
        "lines": [{**line, "ends_at": period.ends_at.isoformat()}],
    }
    answers = {}
    for who in ("owner", "member"):
        headers = {"Authorization": f"Bearer {scene.bearers[who]}", "Idempotency-Key": "the-same"}
        answers[who] = scene.app.test_client().post("/api/v1/bookings", json=body, headers=headers)
    assert {answer.status_code for answer in answers.values()} == {201}
    assert answers["owner"].json["reference"] != answers["member"].json["reference"]
    assert "Idempotent-Replayed" not in answers["member"].headers


def test_a_member_who_left_is_nobody_at_once(scene: Scene) -> None:
    browser = scene.browser("owner")
    assert browser.get("/bookings").status_code == 200
    with transaction():
        scene.ids["owner"] = db.session.merge(scene.ids["owner"])
        scene.ids["owner"].is_active = False
    assert browser.get("/bookings").status_code == 302
    bearer = {"Authorization": f"Bearer {scene.bearers['owner']}"}
    assert scene.app.test_client().get("/api/v1/bookings", headers=bearer).status_code == 401


def test_signing_out_everywhere_ends_every_cookie(scene: Scene) -> None:
    one, other = scene.browser("owner"), scene.browser("owner")
    with transaction():
        signin.sign_out_everywhere(db.session.merge(scene.ids["owner"]))
    assert {one.get("/bookings").status_code, other.get("/bookings").status_code} == {302}
