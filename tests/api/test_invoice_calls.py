"""From a confirmed booking to a paid or credited invoice, over the API."""

import pytest

from tests.api.conftest import booking, line


@pytest.fixture
def confirmed(centre):
    """The path of a confirmed booking of unit A."""
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.desk.post(f"{path}/confirm").status_code == 200
    return path


@pytest.fixture
def invoice(centre, confirmed):
    """Its issued invoice."""
    found = centre.finance.post(f"{confirmed}/invoice")
    assert found.status_code == 201, found.json
    assert found.headers["Location"].endswith(f"/api/v1/invoices/{found.json['id']}")
    return found.json


def vnd(minor):
    return {"minor": minor, "currency": "VND"}


def test_finance_issues_what_the_booking_was_quoted(centre, confirmed, invoice):
    quote = centre.member.get(confirmed).json["quote"]
    assert invoice["status"] == "open"
    assert invoice["number"]
    assert invoice["total"] == quote["total"]
    assert invoice["left"] == quote["total"]
    # The hall's price bears its tax; which tax that is, the day of issue says.
    taxed = invoice["vat"][0]
    assert taxed["net"]["minor"] + taxed["vat"]["minor"] == invoice["total"]["minor"]
    assert invoice["booking"] == confirmed.rpartition("/")[2]
    assert len(invoice["lines"]) == 1


def test_a_booking_is_invoiced_once(centre, confirmed, invoice):
    again = centre.finance.post(f"{confirmed}/invoice")
    assert again.status_code == 409
    assert centre.finance.get("/invoices").json["total"] == 1


def test_a_request_has_nothing_to_invoice(centre):
    path = f"/bookings/{centre.member.post('/bookings', booking()).json['reference']}"
    assert centre.finance.post(f"{path}/invoice").status_code == 409
    assert centre.finance.post("/bookings/BK-2222-2222/invoice").status_code == 404


def test_a_unit_reads_its_own_invoice_in_every_form(centre, invoice):
    path = f"/invoices/{invoice['id']}"
    assert centre.member.get(path).json == invoice
    drawn = centre.member.get(f"{path}.pdf")
    assert drawn.data.startswith(b"%PDF-")
    assert f'filename="{invoice["number"]}.pdf"' in drawn.headers["Content-Disposition"]
    assert centre.member.get(f"{path}.xml").data.startswith(b"<?xml")
    assert [each["id"] for each in centre.head.get("/invoices").json["items"]] == [invoice["id"]]


def test_another_units_invoice_does_not_exist(centre, invoice):
    for suffix in ("", ".pdf", ".xml"):
        assert centre.stranger.get(f"/invoices/{invoice['id']}{suffix}").status_code == 404
        assert centre.stranger.get(f"/invoices/999999{suffix}").status_code == 404
        assert centre.stranger.get(f"/invoices/{10**30}{suffix}").status_code == 404
    assert centre.stranger.get("/invoices").json == {"items": [], "total": 0}


def test_invoices_are_finances(centre, confirmed, invoice):
    path = f"/invoices/{invoice['id']}"
    payment = {"method": "cash", "amount": vnd(1)}
    for caller in (centre.member, centre.head, centre.desk, centre.operator, centre.director):
        assert caller.post(f"{confirmed}/invoice").status_code == 403
        assert caller.post(f"{path}/payments", payment).status_code == 403
        assert caller.post(f"{path}/credit-notes", {"reason": "x"}).status_code == 403
    for caller in (centre.desk, centre.operator):
        assert caller.get(path).status_code == 403
    assert centre.director.get(path).status_code == 200
    assert centre.nobody.get(path).status_code == 401


def test_a_transfer_in_two_parts_pays_the_invoice(centre, invoice):
    path = f"/invoices/{invoice['id']}"
    total = invoice["total"]["minor"]
    first = {"method": "transfer", "amount": vnd(1_000_000), "reference": "FT26327"}
    rest = {"method": "cash", "amount": vnd(total - 1_000_000), "reference": ""}
    told = centre.finance.post(f"{path}/payments", first)
    assert told.status_code == 201
    assert told.json["amount"] == vnd(1_000_000)
    assert centre.member.get(path).json["left"] == vnd(total - 1_000_000)
    # The same slip entered twice.
    assert centre.finance.post(f"{path}/payments", first).status_code == 409
    assert centre.finance.post(f"{path}/payments", rest).status_code == 201
    paid = centre.member.get(path).json
    assert (paid["status"], paid["left"]) == ("paid", vnd(0))
    assert [each["method"] for each in paid["payments"]] == ["transfer", "cash"]
    assert centre.finance.get("/invoices?status=paid").json["total"] == 1
    assert centre.finance.get("/invoices?status=open").json["total"] == 0
    # Nothing is owed any more.
    assert centre.finance.post(f"{path}/payments", rest).status_code == 409


def test_a_repeated_payment_with_the_same_key_is_one_payment(centre, invoice):
    path = f"/invoices/{invoice['id']}/payments"
    cash = {"method": "cash", "amount": vnd(1000)}
    key = {"Idempotency-Key": "c1"}
    first = centre.finance.post(path, cash, headers=key)
    assert centre.finance.post(path, cash, headers=key).json == first.json
    assert len(centre.finance.get(f"/invoices/{invoice['id']}").json["payments"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"method": "gold", "amount": vnd(1)},
        {"method": "cash", "amount": 1},
        {"method": "cash", "amount": vnd(0)},
        {"method": "cash", "amount": vnd(-1)},
        {"method": "cash", "amount": vnd("1")},
        {"method": "cash", "amount": vnd(1.5)},
        {"method": "cash", "amount": vnd(10**30)},
        {"method": "cash", "amount": vnd(10**14)},  # more than is open
        {"method": "cash", "amount": {"minor": 1, "currency": "USD"}},
        {"method": "cash", "amount": {"minor": 1, "currency": "vnd"}},
        {"method": "transfer", "amount": vnd(1)},  # without the bank's reference
        {"method": "transfer", "amount": vnd(1), "reference": "x" * 101},
        {"method": "transfer", "amount": vnd(1), "reference": "x\0"},
        {"method": "cash", "amount": vnd(1), "received_at": "2126-01-01T00:00:00Z"},
        {"method": "cash", "amount": vnd(1), "received_at": "2026-01-01T00:00:00"},
    ],
)
def test_a_payment_that_cannot_be_is_refused(centre, invoice, body):
    path = f"/invoices/{invoice['id']}"
    assert centre.finance.post(f"{path}/payments", body).status_code == 422
    assert centre.finance.get(path).json == invoice


def test_finance_credits_a_part_and_then_the_rest(centre, invoice):
    path = f"/invoices/{invoice['id']}"
    part = centre.finance.post(
        f"{path}/credit-notes", {"reason": "Mất điện 30 phút", "amount": vnd(500_000)}
    )
    assert part.status_code == 201
    assert part.json["total"] == vnd(500_000)
    drawn = centre.member.get(part.headers["Location"].partition("/api/v1")[2])
    assert drawn.data.startswith(b"%PDF-")
    line_id = invoice["lines"][0]["id"]
    by_line = {"reason": "Như trên", "lines": [{"line": line_id, "amount": vnd(100_000)}]}
    assert centre.finance.post(f"{path}/credit-notes", by_line).status_code == 201
    rest = centre.finance.post(f"{path}/credit-notes", {"reason": "Hủy"})
    assert rest.json["total"] == vnd(invoice["total"]["minor"] - 600_000)
    credited = centre.member.get(path).json
    assert (credited["status"], credited["left"]) == ("paid", vnd(0))
    assert len(credited["credit_notes"]) == 3
    assert centre.stranger.get(f"/credit-notes/{rest.json['id']}.pdf").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": " "},
        {"reason": "x" * 501},
        {"reason": "x", "amount": vnd(0)},
        {"reason": "x", "amount": vnd(10**14)},
        {"reason": "x", "lines": [{"line": 1, "amount": vnd(1)}], "amount": vnd(1)},
        {"reason": "x", "lines": [{"line": 2**31 - 1, "amount": vnd(1)}]},
    ],
)
def test_a_credit_that_cannot_be_is_refused(centre, invoice, body):
    path = f"/invoices/{invoice['id']}"
    assert centre.finance.post(f"{path}/credit-notes", body).status_code == 422
    assert centre.finance.get(path).json == invoice


def test_numbers_have_no_gaps_where_issues_were_refused(centre):
    numbers = []
    for code in ("H100", "H50"):
        told = centre.member.post("/bookings", booking(lines=[line(code)])).json
        path = f"/bookings/{told['reference']}"
        assert centre.finance.post(f"{path}/invoice").status_code == 409
        centre.desk.post(f"{path}/confirm")
        numbers.append(centre.finance.post(f"{path}/invoice").json["number"])
    first, second = (int(number.rpartition("-")[2]) for number in numbers)
    assert second == first + 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=open&kind=whole&unit=unit-a", 1),
        ("status=open&status=paid", 1),
        ("kind=advance&kind=part", 0),
        ("unit=unit-b", 0),
        ("overdue=true", 0),
        ("least=1&most=1000", 0),
        ("month=2020-01", 0),
        ("sort=most_left", 1),
    ],
)
def test_the_list_takes_the_filters_of_the_page(centre, invoice, query, count):
    assert centre.finance.get(f"/invoices?{query}").json["total"] == count
    sums = centre.finance.get(f"/invoices/totals?{query}").json["items"]
    assert [one["count"] for one in sums] == [count] * bool(count)


def test_the_totals_are_of_what_one_may_see(centre, invoice):
    assert centre.finance.get("/invoices?q=" + invoice["number"]).json["total"] == 1
    [sums] = centre.member.get("/invoices/totals").json["items"]
    assert (sums["total"], sums["left"], sums["paid"]) == (
        invoice["total"],
        invoice["left"],
        vnd(0),
    )
    assert centre.stranger.get("/invoices/totals?unit=unit-a").json["items"] == []
    for wrong in ("month=2026-13", "sort=colour", "least=-1", "odd=1", "kind=odd"):
        assert centre.finance.get(f"/invoices?{wrong}").status_code == 422
