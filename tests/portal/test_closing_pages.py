"""Closing a month as finance and the director meet it."""

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from billing.models import ClosedMonth
from config import clock
from config.database import db
from rental.models import Member, Role
from tests.portal.conftest import signed_in, token_of

Person = Callable[..., Member]


@pytest.fixture
def months() -> tuple[str, str]:
    """The month before this one, and this one."""
    today = clock.today()
    before = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    return f"{before:%Y-%m}", f"{today:%Y-%m}"


def test_finance_closes_and_the_director_opens_again(
    service: Flask, person: Person, months: tuple[str, str]
) -> None:
    finance = signed_in(service, person(role=Role.FINANCE))
    director = signed_in(service, person(role=Role.DIRECTOR))
    before, this = months
    assert "Đã khớp" in finance.get("/closing").text
    done = finance.post(f"/closing/{before}/close", data={"csrf_token": token_of(finance)})
    assert done.status_code == 302
    again = finance.post(f"/closing/{before}/close", data={"csrf_token": token_of(finance)})
    assert again.status_code == 409
    early = finance.post(f"/closing/{this}/close", data={"csrf_token": token_of(finance)})
    assert early.status_code == 409
    form = {"csrf_token": token_of(finance), "reason": "x"}
    assert finance.post(f"/closing/{before}/reopen", data=form).status_code == 403
    form = {"csrf_token": token_of(director), "reason": "Thiếu sao kê"}
    assert director.post(f"/closing/{before}/close", data=form).status_code == 403
    assert director.post(f"/closing/{before}/reopen", data=form).status_code == 302
    assert "Thiếu sao kê" in director.get("/closing").text
    closed = db.session.scalars(sa.select(ClosedMonth)).one()
    assert closed.reopened_reason == "Thiếu sao kê"


@pytest.mark.parametrize("wrong", ["2026-13", "1999-01", "x"])
def test_what_is_no_month_is_refused(service: Flask, person: Person, wrong: str) -> None:
    finance = signed_in(service, person(role=Role.FINANCE))
    sent = finance.post(f"/closing/{wrong}/close", data={"csrf_token": token_of(finance)})
    assert sent.status_code == 422
