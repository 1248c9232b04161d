"""The names that clients rely on: of calls, of fields, of statuses."""

import re

import pytest

from tests.api.conftest import at, booking, line

MORNING = {"from": at("08:00"), "to": at("12:00")}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
AMOUNT = {"minor", "currency"}
EMPTY_LISTS = ("/resources", "/bookings", "/invoices", "/devices", "/violations", "/outages")


def test_a_booking_answers_with_its_reference_status_lines_and_quote(centre):
    made = centre.member.post("/bookings", booking())
    assert made.headers["Location"].endswith(made.json["reference"])
    assert {"reference", "status", "lines", "quote"} <= set(made.json)
    assert made.json["status"] == "requested"
    assert {"resource", "quantity", "starts_at", "ends_at"} <= set(made.json["lines"][0])
    assert made.json["lines"][0]["starts_at"] == at("09:00")
    assert INSTANT.fullmatch(made.json["expires_at"])


def test_a_quote_has_lines_net_tax_and_total_and_writes_nothing(centre):
    quote = centre.member.post("/quotes", booking()).json
    assert {"lines", "net", "vat", "total"} <= set(quote)
    assert set(quote["net"]) == set(quote["total"]) == set(quote["vat"][0]["vat"]) == AMOUNT
    assert quote["total"]["minor"] == quote["net"]["minor"] + sum(
        group["vat"]["minor"] for group in quote["vat"]
    )
    assert centre.member.get("/bookings").json == {"items": [], "total": 0}


def test_availability_is_told_by_resource_in_segments(centre):
    centre.member.post("/bookings", booking())
    told = centre.member.get("/availability", query_string={**MORNING, "resource": "H100"}).json
    assert told == {
        "resources": [
            {
                "code": "H100",
                "stock": 1,
                "segments": [
                    {"starts_at": at("08:00"), "ends_at": at("09:00"), "free": 1},
                    {"starts_at": at("09:00"), "ends_at": at("11:00"), "free": 0},
                    {"starts_at": at("11:00"), "ends_at": at("12:00"), "free": 1},
                ],
            }
        ]
    }


def test_a_conflict_names_resource_times_and_numbers(centre):
    centre.member.post("/bookings", booking())
    refused = centre.stranger.post("/bookings", booking())
    assert refused.status_code == 409
    assert {"type", "title", "status", "detail", "conflicts"} <= set(refused.json)
    assert [set(each) for each in refused.json["conflicts"]] == [
        {"resource", "starts_at", "ends_at", "free", "wanted"}
    ]


@pytest.mark.parametrize("path", EMPTY_LISTS)
def test_lists_have_items_and_a_total_and_take_pages(centre, path):
    found = centre.administrator.get(f"{path}?page=99&per_page=1")
    assert found.status_code == 200
    assert found.json["items"] == []
    for wrong in ("page=0", "per_page=0", "per_page=x", "unknown=1"):
        assert centre.administrator.get(f"{path}?{wrong}").status_code == 422


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (line(starts_at="2030-03-05T09:00:00"), 422),
        (line(starts_at=at("11:00"), ends_at=at("09:00")), 422),
        (line(starts_at=at("11:00")), 422),
        (line(quantity=0), 422),
        (line(quantity=-1), 422),
        (line(quantity="1"), 422),
        (line("NOWHERE"), 404),
        (line(ends_at=at("09:00", "2040-03-05")), 422),
        (line("MIC", quantity=8), 409),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_status(centre, wrong, status):
    refused = centre.member.post("/bookings", booking(lines=[wrong]))
    assert refused.status_code == status, refused.json
    assert centre.member.get("/bookings").json["total"] == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (booking(title=""), "at least 1 character"),
        (booking(title="x" * 201), "at most 200 characters"),
        (booking(lines=[line(code="x")]), "lines.0.code"),
        (booking(recurrence={"rrule": "FREQ=WEEKLY"}), "A series must end"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(centre, body, says):
    refused = centre.member.post("/bookings", body)
    assert refused.status_code == 422
    assert says in refused.json["detail"]


def test_what_may_be_left_out_may_be_null(centre):
    nothing = dict.fromkeys(("unit", "attendees", "recurrence"))
    assert centre.member.post("/bookings", booking(**nothing)).status_code == 201


@pytest.mark.parametrize("scope", ["this", "following", "all"])
def test_a_change_of_one_booking_takes_any_scope_of_the_contract(centre, scope):
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.member.patch(f"{path}?scope={scope}", {"title": "Khác"}).status_code == 200
    assert centre.member.patch(f"{path}?scope=some", {"title": "Khác"}).status_code == 422


def test_an_invoice_is_read_paid_and_credited_by_the_names_of_the_contract(centre):
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    centre.desk.post(f"{path}/confirm")
    invoice = centre.finance.post(f"{path}/invoice").json
    own = f"/invoices/{invoice['id']}"
    assert set(invoice["total"]) == AMOUNT
    assert centre.member.get(f"{own}.pdf").mimetype == "application/pdf"
    assert centre.member.get(f"{own}.xml").mimetype == "application/xml"
    assert centre.stranger.get(own).status_code == 404
    some = {"minor": 1000, "currency": "VND"}
    transfer = {"method": "transfer", "amount": some, "reference": "FT1"}
    assert centre.member.post(f"{own}/payments", transfer).status_code == 403
    assert centre.finance.post(f"{own}/payments", transfer).status_code == 201
    assert centre.finance.post(f"{own}/payments", transfer).status_code == 409
    cash = {"method": "cash", "amount": some, "reference": ""}
    assert centre.finance.post(f"{own}/payments", cash).status_code == 201
    credit = {"reason": "giảm giá", "amount": some}
    assert centre.finance.post(f"{own}/credit-notes", credit).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("POST", "/invoices/1/checkout", {404}),
        ("GET", "/devices/999999999999", {404}),
        ("DELETE", "/bookings/BK-0000-0000", {405}),
        ("GET", "/nowhere", {404}),
    ],
)
def test_what_is_not_there_is_said_clearly(centre, method, path, statuses):
    found = centre.administrator.call(method, path, json={} if method == "POST" else None)
    assert found.status_code in statuses


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/healthz", {200}),
        ("/readyz", {200}),
        ("/metrics", {200}),
        ("/prometheus/targets", {200}),
        ("/api/v1/openapi.json", {200}),
        ("/calendar/0000.ics", {404}),
        ("/webhooks/stripe", {404, 405}),
    ],
)
def test_machines_get_an_answer(centre, path, statuses):
    assert centre.app.test_client().get(path).status_code in statuses


def test_prometheus_finds_a_list_of_targets_with_labels(centre):
    new = {"name": "SW-01", "address": "192.0.2.7", "snmp_port": 1161}
    assert centre.operator.post("/devices", new).status_code == 201
    [target] = centre.app.test_client().get("/prometheus/targets").json
    assert target["targets"] == ["192.0.2.7:1161"]
    assert target["labels"]["device"] == "SW-01"
    assert all(isinstance(value, str) for value in target["labels"].values())
