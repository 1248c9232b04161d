"""Interruptions and metered traffic, as people and programs meet them."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from billing import invoices
from billing.models import Charge, ChargeKind, TrafficEvidence
from config import clock
from config.database import db, transaction
from rental import bookings, interruptions
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Interruption, InterruptionFault, Member, Role
from rental.period import Period
from tests import build
from tests.portal.conftest import signed_in, token_of

FIRST = datetime(2026, 10, 1, tzinfo=clock.LOCAL)
LAST = datetime(2026, 11, 1, tzinfo=clock.LOCAL)

Person = Callable[..., Member]
Bearer = Callable[[Member], dict[str, str]]


def counters(mbps: int, buckets: int = 8928) -> bytes:
    octets = mbps * 1_000_000 * 300 // 8
    rows = [
        f"Gi0/1,{(FIRST + n * timedelta(minutes=5)).isoformat()},{n * octets},0"
        for n in range(buckets + 1)
    ]
    return "\n".join(["port,at,in_octets,out_octets", *rows]).encode()


@pytest.fixture
def rented(service: Flask, person: Person) -> Booking:
    """A circuit for all of October, confirmed in September."""
    member, desk = person(role=Role.HEAD), person(role=Role.DESK)
    with clock.standing_at(FIRST - timedelta(days=9)), transaction():
        build.a_circuit(code="FIBRE")
        lines = [WantedLine("FIBRE", 1, Period(FIRST, LAST))]
        booking = bookings.request(
            RequestedBooking(member.unit, "Đường truyền", EventKind.OTHER, lines), by=member
        )
        bookings.confirm(booking, by=desk)
    return booking


def _live(kind: ChargeKind) -> list[Charge]:
    """The charges of a kind, read anew and without a lock."""
    db.session.rollback()
    found = sa.select(Charge).where(Charge.kind == kind, Charge.reversed_at.is_(None))
    return list(db.session.scalars(found))


def _address(booking: Booking) -> str:
    return f"/api/v1/bookings/{booking.reference}/lines/1/traffic?month=2026-10"


def _send(service: Flask, where: str, headers: dict[str, str], content: bytes) -> Any:
    return service.test_client().post(
        where, data={"file": (io.BytesIO(content), "a.csv")}, headers=headers
    )


def test_an_operator_sends_counters_and_the_unit_takes_the_buckets_away(
    service: Flask, rented: Booking, person: Person, bearer: Bearer
) -> None:
    sent = _send(service, _address(rented), bearer(person(role=Role.OPERATOR)), counters(140))
    assert sent.status_code == 201, sent.text
    told = sent.get_json()
    assert (told["state"], told["percentile_bps"]) == ("charged", 140_000_000)
    assert told["charge"] == {"minor": 1_800_000, "currency": "VND"}
    with transaction():
        invoice = invoices.issue(invoices.draft_for(rented), by=None)
        number = next(line.position for line in invoice.lines if "Băng thông" in line.description)
    theirs = bearer(rented.member)
    where = f"/api/v1/invoices/{invoice.id}/lines/{number}/traffic.csv"
    file = service.test_client().get(where, headers=theirs)
    rows = file.text.splitlines()
    assert rows[0] == "starts_at,ends_at,in_bps,out_bps"
    assert rows[1] == "2026-09-30T17:00:00+00:00,2026-09-30T17:05:00+00:00,140000000,0"
    assert len(rows) == 8929
    assert file.headers["X-Evidence-Seal"] == told["seal"]
    page = signed_in(service, rented.member).get(f"/invoices/{invoice.id}/lines/{number}/traffic")
    assert told["seal"] in page.text
    assert "140,00 Mbps" in page.text
    listed = service.test_client().get(
        f"/api/v1/bookings/{rented.reference}/traffic", headers=theirs
    )
    assert [one["seal"] for one in listed.get_json()["items"]] == [told["seal"]]


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"port,at\n", 422, "in_octets"),
        (counters(10).replace(b"+07:00", b"", 1), 422, "offset"),
        (b"PK\x03\x04\x00", 422, "text"),
    ],
)
def test_wrong_counters_are_refused_and_nothing_is_written(
    service: Flask, rented: Booking, person: Person, bearer: Bearer,
    content: bytes, status: int, reason: str,
) -> None:  # fmt: skip
    sent = _send(service, _address(rented), bearer(person(role=Role.OPERATOR)), content)
    assert (sent.status_code, reason in sent.text) == (status, True), sent.text
    assert db.session.scalars(sa.select(TrafficEvidence)).all() == []


def test_other_counters_of_a_sealed_month_are_a_conflict(
    service: Flask, rented: Booking, person: Person, bearer: Bearer
) -> None:
    theirs = bearer(person(role=Role.OPERATOR))
    first = _send(service, _address(rented), theirs, counters(140)).get_json()
    again = _send(service, _address(rented), theirs, counters(140))
    assert again.get_json()["seal"] == first["seal"]
    assert _send(service, _address(rented), theirs, counters(150)).status_code == 409
    assert (
        _send(service, _address(rented).replace("lines/1", "lines/2"), theirs, b"").status_code
        == 404
    )


def test_finance_charges_what_was_measured_too_little_on_the_page(
    service: Flask, rented: Booking, person: Person
) -> None:
    client = signed_in(service, person(role=Role.FINANCE))
    form = {
        "csrf_token": token_of(client), "booking": rented.reference, "line": "1",
        "month": "2026-10", "file": (io.BytesIO(counters(140, 4000)), "a.csv"),
    }  # fmt: skip
    assert client.post("/traffic", data=form).status_code == 302
    evidence = db.session.scalars(sa.select(TrafficEvidence)).one()
    assert "Đo chưa đủ" in client.get("/traffic").text
    token = token_of(client)
    where = f"/traffic/{evidence.id}/accept"
    refused = client.post(where, data={"csrf_token": token, "reason": ""})
    assert refused.status_code == 422
    answer = client.post(where, data={"csrf_token": token, "reason": "Hai bên thống nhất"})
    assert answer.status_code == 302
    assert len(_live(ChargeKind.METERED)) == 1
    where = f"/traffic/{evidence.id}/withdraw"
    client.post(where, data={"csrf_token": token, "reason": "Nhầm cổng"})
    assert _live(ChargeKind.METERED) == []


def _interrupted(booking: Booking) -> Interruption:
    with transaction():
        circuit = booking.lines[0].resource
        at = FIRST + timedelta(days=3)
        found = interruptions.begin(circuit, cause="outage:1", at=at)
        interruptions.end(circuit, cause="outage:1", at=at + timedelta(hours=5))
    return found


def test_an_operator_says_whose_doing_it_was_on_the_page(
    service: Flask, rented: Booking, person: Person
) -> None:
    found = _interrupted(rented)
    client = signed_in(service, person(role=Role.OPERATOR))
    assert rented.lines[0].resource.name in client.get("/interruptions").text
    where, token = f"/interruptions/{found.id}/fault", token_of(client)
    form = {"csrf_token": token, "fault": "renter", "reason": "<b>Rút dây</b>"}
    assert client.post(where, data=form).status_code == 302
    page = client.get("/interruptions?fault=renter").text
    assert "&lt;b&gt;Rút dây&lt;/b&gt;" in page
    db.session.expire_all()
    assert found.fault is InterruptionFault.RENTER
    assert _live(ChargeKind.CREDIT) == []
    nothing = {"csrf_token": token, "fault": "", "reason": "x"}
    assert client.post(where, data=nothing).status_code == 422


def test_the_api_lists_and_judges_interruptions(
    service: Flask, rented: Booking, person: Person, bearer: Bearer
) -> None:
    found = _interrupted(rented)
    theirs = bearer(person(role=Role.OPERATOR))
    client = service.test_client()
    (told,) = client.get("/api/v1/interruptions", headers=theirs).get_json()["items"]
    assert told["fault"] == "centre"
    assert told["given_back"][0]["booking"] == rented.reference
    assert told["given_back"][0]["amount"]["minor"] > 0
    judged = client.post(
        f"/api/v1/interruptions/{found.id}/fault",
        json={"fault": "renter", "reason": "Đơn vị báo"},
        headers=theirs,
    )
    assert judged.get_json()["given_back"][0]["amount"]["minor"] == 0
    ours = client.get("/api/v1/interruptions?fault=centre", headers=theirs).get_json()
    assert ours["items"] == []
