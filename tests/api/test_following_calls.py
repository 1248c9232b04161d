"""Following up over the API: statements, ages, reminders, write-offs, leave to go on booking."""

from datetime import timedelta

import pytest

from billing import invoices
from config import clock
from config.database import transaction
from tests.api.conftest import Centre, booking, requested


@pytest.fixture
def owing(centre: Centre) -> Centre:
    """Unit A owes an invoice that is 40 days overdue."""
    reference = requested(centre.member)["reference"]
    assert centre.desk.post(f"/bookings/{reference}/confirm").status_code == 200
    issued = centre.finance.post(f"/bookings/{reference}/invoice").json
    with centre.app.app_context(), transaction():
        invoice = invoices.get(issued["id"])
        invoice.due_on = clock.today() - timedelta(days=40)
    centre.invoice, centre.total = issued["id"], issued["total"]
    return centre


def in_days(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def test_ages_by_unit(owing: Centre) -> None:
    (found,) = owing.finance.get("/reports/ageing").json["items"]
    assert (found["unit"], found["invoices"]) == ("unit-a", 1)
    assert found["days_31_60"] == found["total"] == owing.total
    assert owing.member.get("/reports/ageing").status_code == 403


def test_a_unit_reads_its_own_statement_and_no_other(owing: Centre) -> None:
    found = owing.member.get("/units/unit-a/statement").json
    assert [entry["kind"] for entry in found["entries"]] == ["invoice"]
    assert found["closing"] == found["entries"][0]["balance"] == owing.total
    assert found["ages"]["days_31_60"] == owing.total
    assert owing.finance.get("/units/unit-a/statement").json == found
    assert owing.stranger.get("/units/unit-a/statement").status_code == 404
    assert owing.member.get("/units/unit-a/statement.pdf").data.startswith(b"%PDF")
    assert owing.stranger.get("/units/unit-a/statement.pdf").status_code == 404
    assert owing.finance.get("/units/nobody/statement").status_code == 404
    tomorrow = owing.member.get(f"/units/unit-a/statement?from={in_days(5)}&to={in_days(1)}")
    assert tomorrow.status_code == 422


def test_reminders_are_paused_and_go_on(owing: Centre) -> None:
    path = f"/invoices/{owing.invoice}/reminders"
    before = owing.finance.get(path).json
    # Forty days overdue and not reminded yet: the last step is due.
    assert (before["written"], before["next_tone"], before["pause"]) == ([], "final", None)
    body = {"cause": "disputed", "reason": "Sai số giờ", "until": in_days(9)}
    paused = owing.finance.post(f"{path}/pause", body).json
    assert paused["pause"] == body
    assert paused["next_on"] is None
    # The unit reads what was written, not what finance thinks of it.
    assert owing.member.get(path).json["pause"] is None
    assert owing.finance.post(f"{path}/resume").json["pause"] is None
    assert owing.finance.post(f"{path}/resume").status_code == 409
    assert owing.finance.post(f"{path}/pause", {**body, "until": "soon"}).status_code == 422
    assert owing.member.post(f"{path}/pause", body).status_code == 403
    assert owing.stranger.get(path).status_code == 404


def test_a_write_off_takes_two_people(owing: Centre) -> None:
    path = f"/invoices/{owing.invoice}/write-off"
    proposal = owing.administrator.post(path, {"reason": "Đã giải thể"}).json
    assert (proposal["status"], proposal["amount"]) == ("proposed", owing.total)
    place = f"/write-offs/{proposal['id']}"
    # The administrator may decide, but not what it proposed itself.
    assert owing.administrator.post(f"{place}/approve").status_code == 403
    assert owing.finance.post(f"{place}/approve").status_code == 403
    assert owing.director.post(f"{place}/refuse", {"comment": ""}).status_code == 422
    assert owing.director.post(f"{place}/approve").json["status"] == "approved"
    assert owing.director.post(f"{place}/approve").status_code == 409
    assert owing.finance.get(f"/invoices/{owing.invoice}").json["status"] == "uncollectible"
    (listed,) = owing.finance.get("/write-offs").json["items"]
    assert listed["status"] == "approved"
    pay = {"method": "cash", "amount": owing.total}
    assert owing.finance.post(f"/invoices/{owing.invoice}/payments", pay).status_code == 201
    assert owing.finance.get(f"/invoices/{owing.invoice}").json["status"] == "paid"


def test_a_proposal_is_taken_back(owing: Centre) -> None:
    path = f"/invoices/{owing.invoice}/write-off"
    proposal = owing.finance.post(path, {"reason": "không trả"}).json
    assert owing.finance.post(path, {"reason": "lần nữa"}).status_code == 422
    withdrawn = owing.finance.post(f"/write-offs/{proposal['id']}/withdraw").json
    assert withdrawn["status"] == "withdrawn"
    assert owing.director.post(f"/write-offs/{proposal['id']}/approve").status_code == 409
    assert owing.finance.post(path, {"reason": "lần nữa"}).status_code == 201


def test_a_stopped_unit_is_let_go_on(owing: Centre) -> None:
    another = booking(title="Tọa đàm", lines=[{**booking()["lines"][0], "resource": "H50"}])
    refused = owing.member.post("/bookings", another)
    assert refused.status_code == 422
    assert refused.json["owed"] == owing.total
    body = {"reason": "Đã có ủy nhiệm chi", "until": in_days(3)}
    assert owing.member.post("/units/unit-a/grace", body).status_code == 403
    granted = owing.desk.post("/units/unit-a/grace", body).json
    assert (granted["unit"], granted["until"]) == ("unit-a", in_days(3))
    assert owing.member.post("/bookings", another).status_code == 201
    assert owing.desk.post("/units/unit-a/grace/end").json == granted
    assert owing.desk.post("/units/unit-a/grace/end").status_code == 409
    assert owing.member.post("/bookings", another).status_code == 422


def test_the_same_key_writes_one_proposal(owing: Centre) -> None:
    path, key = (
        f"/invoices/{owing.invoice}/write-off",
        {"Idempotency-Key": "xóa-nợ-1".encode().hex()},
    )
    first = owing.finance.post(path, {"reason": "không trả"}, headers=key)
    again = owing.finance.post(path, {"reason": "không trả"}, headers=key)
    assert first.json == again.json
    assert owing.finance.get("/write-offs").json["total"] == 1
