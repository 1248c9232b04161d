"""Endpoints on pages and over the API."""

import pytest

from config import clock
from config.database import db, transaction
from monitoring import endpoints
from monitoring.endpoints import NewEndpoint
from monitoring.models import Device, Endpoint, FactoryTry, TryResult
from monitoring.probes.reached import EndpointKind
from portal import tokens
from rental.models import Role
from tests.monitoring.policy_world import a_switch
from tests.portal.conftest import csrf_of, signed_in

TYPED = {
    "name": "Luồng <A>", "kind": "rtmp", "port": "", "path": "live/a", "needs_trust": "1",
    "interval_seconds": "60", "timeout_seconds": "2,5", "expects_open": "open",
}  # fmt: skip


@pytest.fixture
def operator(service, person):
    """The browser of an operator."""
    return signed_in(service, person(role=Role.OPERATOR))


@pytest.fixture
def encoder(service):
    """The id of a device."""
    with transaction():
        return a_switch(name="ENC-7").id


def test_an_endpoint_is_added_changed_asked_and_removed(operator, encoder):
    told = {**TYPED, "csrf_token": csrf_of(operator, f"/devices/{encoder}/endpoints/new")}
    assert operator.post(f"/devices/{encoder}/endpoints", data=told).status_code == 302
    one = db.session.scalars(db.select(Endpoint)).one()
    assert (one.port, one.timeout_seconds, one.needs_trust) == (1935, 2.5, True)
    again = operator.post(f"/devices/{encoder}/endpoints", data=told)
    assert again.status_code == 409
    assert "Luồng &lt;A&gt;" in again.text
    page = operator.get(f"/devices/{encoder}").text
    assert "Luồng &lt;A&gt;" in page
    assert "rtmp://127.0.0.1:1935/live/a" in page
    assert 'value="live/a"' in operator.get(f"/devices/endpoints/{one.id}/edit").text
    told |= {"name": "Luồng B", "port": "1936"}
    assert operator.post(f"/devices/endpoints/{one.id}", data=told).status_code == 302
    assert "Luồng B" in operator.get("/devices/endpoints?kind=rtmp").text
    assert "Luồng B" not in operator.get("/devices/endpoints?kind=srt").text
    assert operator.get("/devices/endpoints?kind=fax").status_code == 422
    assert operator.post(f"/devices/endpoints/{one.id}/ask", data=told).status_code == 302
    assert operator.post(f"/devices/endpoints/{one.id}/remove", data=told).status_code == 302
    assert operator.post(f"/devices/endpoints/{one.id}/remove", data=told).status_code == 404
    assert operator.get("/devices/certificates").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"kind": ""},
        {"kind": "fax"},
        {"kind": "tcp", "port": ""},
        {"port": "²"},
        {"port": "99999"},
        {"timeout_seconds": "bald"},
        {"timeout_seconds": "nan"},
        {"interval_seconds": "1"},
        {"host": "a b"},
        {"path": "/x\r\ny"},
    ],
)
def test_a_wrong_form_is_given_back_with_what_was_typed(operator, encoder, wrong):
    told = {**TYPED, **wrong}
    told["csrf_token"] = csrf_of(operator, f"/devices/{encoder}/endpoints/new")
    answer = operator.post(f"/devices/{encoder}/endpoints", data=told)
    assert answer.status_code == 422
    assert db.session.scalars(db.select(Endpoint)).all() == []


def test_endpoints_over_the_api(service, person, encoder):
    member = person(role=Role.OPERATOR)
    with transaction():
        bearer = {"Authorization": f"Bearer {tokens.issue(member)}"}
    client = service.test_client()
    body = {"name": "SRT", "kind": "srt", "port": 9000}
    address = f"/api/v1/devices/{encoder}/endpoints"
    made = client.post(address, json=body, headers=bearer)
    assert made.status_code == 201
    assert made.json["address"] == "srt://127.0.0.1:9000"
    assert client.post(address, json=body, headers=bearer).status_code == 409
    assert client.post(address, json={**body, "port": 0}, headers=bearer).status_code == 422
    listed = client.get(f"/api/v1/endpoints?device={encoder}", headers=bearer).json
    assert [(one["name"], one["tls_versions"]) for one in listed["items"]] == [("SRT", {})]
    with transaction():
        [kept] = db.session.scalars(db.select(Endpoint))
        kept.facts = {"offers": {"TLSv1": False, "TLSv1.3": True}}
    [told] = client.get(f"/api/v1/endpoints?device={encoder}", headers=bearer).json["items"]
    assert told["tls_versions"] == {"TLSv1": False, "TLSv1.3": True}
    gone = f"/api/v1/endpoints/{made.json['id']}/remove"
    assert client.post(gone, headers=bearer).status_code == 204
    assert client.post(gone, headers=bearer).status_code == 404


@pytest.fixture
def page_of_axis(service, encoder):
    """The id of a web page of a device whose maker ships a login."""
    with transaction():
        db.session.get_one(Device, encoder).vendor = "Axis"
        new = NewEndpoint("Trang web", EndpointKind.HTTP, 80)
        return endpoints.add(db.session.get_one(Device, encoder), new, by=None).id


def test_an_operator_has_the_factory_login_tried_once_and_reads_what_came_of_it(
    operator, page_of_axis
):
    form = f"/devices/endpoints/{page_of_axis}/edit"
    told = {"csrf_token": csrf_of(operator, form)}
    assert "It was never tried." in operator.get(f"{form}?lang=en").text
    deed = f"/devices/endpoints/{page_of_axis}/factory-login"
    assert [operator.post(deed, data=told).status_code for _ in range(2)] == [302, 302]
    tried = db.session.scalars(db.select(FactoryTry)).one()
    assert "waits for its turn" in operator.get(form).text
    for result, words in (
        (TryResult.ACCEPTED, "ACCEPTED: anybody can sign in"),
        (TryResult.REFUSED, "refused"),
        (None, "broke off"),
    ):
        with transaction():
            tried = db.session.get_one(FactoryTry, tried.id)
            tried.tried_at, tried.result = clock.now(), result
        shown = operator.get(form).text
        assert words in shown
        assert "root" in shown
        # What is published is no secret, and still no page's business.
        assert ">pass<" not in shown
    again = operator.post(f"{deed}?lang=en", data=told)
    assert again.status_code == 409
    assert "try again tomorrow" in again.text


def test_a_page_of_an_unknown_maker_offers_no_try(operator, page_of_axis):
    with transaction():
        db.session.get_one(Endpoint, page_of_axis).device.vendor = "Nobody"
    form = f"/devices/endpoints/{page_of_axis}/edit"
    assert "factory-login" not in operator.get(form).text
    told = {"csrf_token": csrf_of(operator, form)}
    refused = operator.post(f"/devices/endpoints/{page_of_axis}/factory-login?lang=en", data=told)
    assert refused.status_code == 422
    assert "config/logins" in refused.text


def test_the_factory_login_over_the_api(service, person, page_of_axis):
    with transaction():
        bearer = {"Authorization": f"Bearer {tokens.issue(person(role=Role.OPERATOR))}"}
    client = service.test_client()
    address = f"/api/v1/endpoints/{page_of_axis}/factory-login"
    made = client.post(address, headers=bearer)
    assert made.status_code == 202
    assert made.json["username"] == "root"
    assert (made.json["tried_at"], made.json["result"]) == (None, None)
    assert "pass" not in made.text
    with transaction():
        db.session.scalars(db.select(FactoryTry)).one().tried_at = clock.now()
    assert client.post(address, headers=bearer).status_code == 409
    assert client.post("/api/v1/endpoints/999/factory-login", headers=bearer).status_code == 404
