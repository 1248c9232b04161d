"""Corrections of issued invoices over the API."""

import pytest

from tests.api.conftest import booking


@pytest.fixture
def invoice(centre):
    """An issued invoice of unit A, which has no tax code."""
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.desk.post(f"{path}/confirm").status_code == 200
    return centre.finance.post(f"{path}/invoice").json


def path(invoice, deed):
    return f"/invoices/{invoice['id']}/{deed}"


def test_an_adjustment_adds_to_a_line_once(centre, invoice):
    line = invoice["lines"][0]["id"]
    body = {"reason": "ghi thiếu", "lines": [{"line": line, "amount_minor": 108_000}]}
    key = {"Idempotency-Key": "adjust-1"}
    first = centre.finance.post(path(invoice, "adjustments"), body, headers=key)
    assert first.status_code == 201, first.json
    again = centre.finance.post(path(invoice, "adjustments"), body, headers=key)
    assert again.json["id"] == first.json["id"]
    told = centre.member.get(path(invoice, "corrections")).json
    assert [one["number"] for one in told["adjusted_by"]] == [first.json["number"]]
    back = centre.member.get(path(first.json, "corrections")).json
    assert (back["corrects"]["number"], back["correction"]) == (invoice["number"], "adjusts")


def test_a_replacement_has_the_new_amounts_and_its_origin_is_void(centre, invoice):
    line = invoice["lines"][0]
    body = {
        "reason": "sai số giờ",
        "agreement": "BB 3/2026",
        "agreement_on": "2026-01-05",
        "lines": [
            {
                "line": line["id"],
                "amount_minor": 5_000_000,
                "description": "Thuê hội trường, nửa buổi",
            }
        ],
    }
    new = centre.finance.post(path(invoice, "replacements"), body)
    assert new.status_code == 201, new.json
    assert new.json["lines"][0]["description"] == "Thuê hội trường, nửa buổi"
    assert centre.finance.get(f"/invoices/{invoice['id']}").json["status"] == "void"
    told = centre.finance.get(path(invoice, "corrections")).json
    assert told["replaced_by"]["id"] == new.json["id"]
    assert centre.finance.post(path(invoice, "replacements"), body).status_code == 409


def test_a_notice_of_a_wrong_name(centre, invoice):
    body = {"field": "name", "correct": "Báo Mới", "reason": "gõ nhầm"}
    notice = centre.finance.post(path(invoice, "notices"), body)
    assert notice.status_code == 201, notice.json
    address = f"/error-notices/{notice.json['id']}"
    assert centre.member.get(f"{address}.pdf").data.startswith(b"%PDF")
    assert "04/SS" in centre.member.get(f"{address}.xml").text
    assert centre.stranger.get(f"{address}.pdf").status_code == 404


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("adjustments", {"reason": "x"}),
        ("adjustments", {"reason": "x", "lines": [{"line": 10**9, "amount_minor": 5}]}),
        ("adjustments", {"reason": "x", "lines": [{"line": 1, "amount_minor": 1.5}]}),
        ("adjustments", {"reason": "x", "lines": [{"line": 1, "amount_minor": 10**14}]}),
        ("replacements", {"lines": []}),
        ("replacements", {"reason": "x", "agreement_on": "ngày mai"}),
        ("notices", {"field": "tax_code", "correct": "1", "reason": "x"}),
        ("notices", {"field": "name", "correct": "", "reason": "x"}),
    ],
)
def test_what_cannot_be_read_or_done_is_refused(centre, invoice, deed, body):
    assert centre.finance.post(path(invoice, deed), body).status_code == 422
    assert centre.finance.get(f"/invoices/{invoice['id']}").json["status"] == "open"


def test_only_finance_corrects(centre, invoice):
    for deed in ("adjustments", "replacements", "notices"):
        assert centre.member.post(path(invoice, deed), {"reason": "x"}).status_code == 403
