"""Unbilled use as finance meets it: a list, the evidence, a price first, then a decision."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from billing.models import UseState
from config.database import db, transaction
from rental.models import Member, Role, Unit
from tests.portal.conftest import signed_in, token_of
from tests.portal.unbooked_world import FAINT_BPS, LOUD_BPS, Scene, tidied, uses

Person = Callable[..., Member]


@pytest.fixture
def scene(service: Flask) -> Iterator[Scene]:
    with tidied():
        yield Scene()


@pytest.fixture
def finance(service: Flask, scene: Scene, person: Person) -> Any:
    """The browser of somebody of finance."""
    return signed_in(service, person(role=Role.FINANCE))


def posted(client: Any, where: str, **form: str) -> Any:
    return client.post(where, data={"csrf_token": token_of(client), **form})


def test_what_goes_on_is_shown_and_what_waits_is_in_the_work_list(
    finance: Any, scene: Scene
) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(40, LOUD_BPS)
    scene.look(42)
    page = finance.get("/unbilled").text
    assert "Đang diễn ra" in page
    assert "40\N{NO-BREAK SPACE}Mbit/s" in page
    assert "Lưu lượng không ai đặt" not in finance.get("/").text
    scene.carries(80, FAINT_BPS)
    scene.look(82)
    page = finance.get("/unbilled").text
    assert "Đang diễn ra" not in page
    assert "Chờ quyết định" in page
    assert "Lưu lượng không ai đặt" in finance.get("/").text


def test_finance_sees_the_price_before_it_charges(finance: Any, scene: Scene) -> None:
    use, booking = scene.used(), scene.book(300, 360)
    where = f"/unbilled/{use.id}"
    page = finance.get(where).text
    assert use.seal in page
    assert "sw-hall" in page
    assert "Chứng cứ còn nguyên" in page
    page = finance.get(f"{where}?booking={booking.reference}").text
    assert db.session.get_one(Unit, booking.unit_id).name in page
    assert uses()[0].state is UseState.WAITING, "to ask is not to charge"
    for expected in (302, 409):
        answer = posted(finance, f"{where}/charge", booking=booking.reference)
        assert answer.status_code == expected, "a second press charges nothing"
    assert uses()[0].state is UseState.CHARGED
    invoice = posted(finance, f"/bookings/{booking.reference}/invoice")
    assert invoice.status_code == 302
    assert "khi chưa đặt" in finance.get(invoice.headers["Location"]).text


def test_a_wrong_reference_is_told_beside_the_field(finance: Any, scene: Scene) -> None:
    use = scene.used()
    answer = finance.get(f"/unbilled/{use.id}?booking=<b>BK</b>")
    assert answer.status_code == 200
    assert "<b>BK" not in answer.text
    assert posted(finance, f"/unbilled/{use.id}/charge", booking="BK-NOPE").status_code == 404


def test_finance_dismisses_it_for_a_reason_and_takes_that_back(finance: Any, scene: Scene) -> None:
    where = f"/unbilled/{scene.used().id}"
    assert posted(finance, f"{where}/dismiss", reason=" ").status_code == 422
    reason = "kỹ thuật <i>thử</i> cổng"
    assert posted(finance, f"{where}/dismiss", reason=reason).status_code == 302
    assert "kỹ thuật &lt;i&gt;thử&lt;/i&gt; cổng" in finance.get(where).text
    assert "Không thu" in finance.get("/unbilled?state=dismissed").text
    assert posted(finance, f"{where}/reopen", reason="nhầm").status_code == 302
    assert uses()[0].state is UseState.WAITING


def test_the_buckets_are_taken_away_as_they_were_sealed(finance: Any, scene: Scene) -> None:
    use = scene.used()
    answer = finance.get(f"/unbilled/{use.id}/buckets.csv")
    rows = answer.text.splitlines()
    assert rows[0] == "starts_at,ends_at,in_bps,out_bps"
    assert len(rows) == use.expected + 1
    assert answer.headers["X-Evidence-Seal"] == use.seal


def test_a_director_reads_and_decides_nothing(service: Flask, scene: Scene, person: Person) -> None:
    use = scene.used()
    director = signed_in(service, person(role=Role.DIRECTOR))
    assert "Không thu" not in director.get(f"/unbilled/{use.id}").text
    assert posted(director, f"/unbilled/{use.id}/dismiss", reason="x").status_code == 403


def test_an_operator_finds_it_on_the_port_and_among_violations(
    service: Flask, scene: Scene, person: Person
) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(40, LOUD_BPS)
    scene.look(42)
    operator = signed_in(service, person(role=Role.OPERATOR))
    assert "N26" in operator.get("/violations").text
    page = operator.get(f"/devices/access-ports/{scene.port.id}").text
    assert "để lượt đặt bật tắt cổng" in page, "it is proposed, and nothing is cut"
    with transaction():
        db.session.merge(scene.port).is_managed = True
    page = operator.get(f"/devices/access-ports/{scene.port.id}").text
    assert "mà không ai đặt" in page
