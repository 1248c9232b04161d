"""Statements of the bank over the API, from the file to the payment and back."""

import io
import json
from datetime import timedelta

import pytest

from config import clock
from tests.api.conftest import booking
from tests.billing.bank_files import ACCOUNT, CSV_COLUMNS, camt, csv


@pytest.fixture
def invoice(centre):
    """An issued invoice of unit A."""
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    centre.desk.post(f"{path}/confirm")
    return centre.finance.post(f"{path}/invoice").json


def sent(caller, content, name="sao-ke.xml", headers=None, **form):
    raw = content.encode() if isinstance(content, str) else content
    body = {"file": (io.BytesIO(raw), name), **form}
    return caller.call(
        "POST",
        "/bank/statements",
        data=body,
        content_type="multipart/form-data",
        headers=headers or {},
    )


def statement(*rows, opening=1_000):
    day = clock.today() - timedelta(days=1)
    return camt(
        *((day, a, f"FT{i}", who, text) for i, (a, text, who) in enumerate(rows)), opening=opening
    )


def test_a_statement_is_matched_where_it_is_certain_and_queued_where_not(centre, invoice):
    total = invoice["total"]["minor"]
    told = statement((total, f"TT {invoice['reference']}", ""), (5_000, "tien", "AN"))
    found = sent(centre.finance, told)
    assert found.status_code == 201, found.json
    assert (found.json["matched"], found.json["queued"]) == (1, 1)
    assert found.json["statements"][0]["new"] == 2
    assert centre.finance.get(f"/invoices/{invoice['id']}").json["status"] == "paid"
    queued = centre.finance.get("/bank/entries?state=queued").json
    assert (queued["total"], queued["items"][0]["amount"]["minor"]) == (1, 5_000)
    (matched,) = centre.finance.get("/bank/entries?state=matched").json["items"]
    assert matched["automatic"] is True
    assert matched["payment"] is not None
    assert centre.finance.get("/bank/statements").json["total"] == 1


def test_the_same_file_again_is_a_conflict_and_a_repeat_with_a_key_is_not(centre):
    told = statement((5_000, "tien", "AN"))
    key = {"Idempotency-Key": "one"}
    assert sent(centre.finance, told, headers=key).status_code == 201
    again = sent(centre.finance, told)
    assert (again.status_code, again.json["type"]) == (409, "/problems/statement-known")


def test_a_person_matches_by_a_suggestion_or_by_shares_and_undoes(centre, invoice):
    total = invoice["total"]["minor"]
    text = f"TT {invoice['reference']}"
    assert sent(centre.finance, statement((total - 1_000, text, ""))).json["queued"] == 1
    (entry,) = centre.finance.get("/bank/entries?state=queued").json["items"]
    path = f"/bank/entries/{entry['id']}"
    best = entry["suggestions"][0]
    assert best["shares"] == [
        {"invoice": invoice["id"], "amount": {"minor": total - 1_000, "currency": "VND"}}
    ]
    assert all(one["text"] for one in best["reasons"])
    done = centre.finance.post(f"{path}/match", {"suggestion": 1})
    assert (done.status_code, done.json["state"]) == (200, "matched")
    assert centre.finance.post(f"{path}/match", {"suggestion": 1}).status_code == 409
    undone = centre.finance.post(f"{path}/undo", {"reason": "Nhầm"})
    assert undone.json["state"] == "queued"
    share = {"invoice": invoice["id"], "amount": {"minor": 2_000}}
    chosen = {"unit": best["unit"], "shares": [share]}
    assert centre.finance.post(f"{path}/match", chosen).json["state"] == "matched"
    paid = centre.finance.get(f"/invoices/{invoice['id']}").json
    assert paid["left"]["minor"] == total - 2_000


def test_a_booking_is_ignored_for_a_reason(centre):
    sent(centre.finance, statement((5_000, "Lãi", "")))
    (entry,) = centre.finance.get("/bank/entries?state=queued").json["items"]
    path = f"/bank/entries/{entry['id']}"
    assert centre.finance.post(f"{path}/ignore", {"reason": ""}).status_code == 422
    done = centre.finance.post(f"{path}/ignore", {"reason": "Lãi tiền gửi"})
    assert (done.json["state"], done.json["reason"]) == ("ignored", "Lãi tiền gửi")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"suggestion": 5}, 422),
        ({"unit": 999_999}, 422),
        ({"unit": 1, "shares": [{"invoice": 999_999, "amount": {"minor": 1}}]}, 404),
        ({"unit": 1, "shares": [{"invoice": 1, "amount": {"minor": 1, "currency": "USD"}}]}, 422),
        ({"unit": 1, "payment": 999_999}, 422),
    ],
)
def test_a_match_that_cannot_be_is_refused(centre, body, status):
    sent(centre.finance, statement((5_000, "tien", "")))
    (entry,) = centre.finance.get("/bank/entries?state=queued").json["items"]
    assert centre.finance.post(f"/bank/entries/{entry['id']}/match", body).status_code == status
    assert centre.finance.get("/bank/entries?state=queued").json["total"] == 1


def test_csv_takes_a_mapping_once_and_keeps_it(centre):
    mapping = json.dumps({**CSV_COLUMNS, "balance": ""})
    row = ("20/11/2026", "", "7.000", "", "TT", "AN", "FT1")
    bare = sent(centre.finance, csv(row), "a.csv", account=ACCOUNT)
    assert (bare.status_code, bare.json["type"]) == (422, "/problems/unknown-mapping")
    first = sent(centre.finance, csv(row), "a.csv", account=ACCOUNT, mapping=mapping)
    assert first.status_code == 201, first.json
    second = csv(("21/11/2026", "", "8.000", "", "TT", "AN", "FT2"))
    assert sent(centre.finance, second, "b.csv", account=ACCOUNT).status_code == 201
    wrong = sent(centre.finance, csv(row), "c.csv", account="9", mapping="{}")
    assert (wrong.status_code, wrong.json["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"PK\x03\x04", 422, "packed"),
        (b"\x00\x01\x02", 422, "UTF-16"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 422, "entities"),
        (b"7" * 11_000_000, 413, "larger"),
        (b"7" * 50_000_000, 413, "larger"),
    ],
)
def test_a_hostile_file_is_refused_with_the_reason_and_nothing_is_written(
    centre, content, status, says
):
    found = sent(centre.finance, content)
    assert found.status_code == status
    assert says in found.json["detail"]
    assert centre.finance.get("/bank/statements").json["total"] == 0


def test_nobody_but_finance_sees_the_bank(centre):
    for who in (centre.member, centre.desk, centre.director, centre.operator):
        assert who.get("/bank/entries").status_code == 403
        assert sent(who, b"x").status_code == 403
