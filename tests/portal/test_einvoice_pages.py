"""E-invoices on pages and in the API: on the invoice, in the list of finance, for the unit."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from billing import credit_notes, invoices, worklist
from billing.credit_notes import NewCredit
from billing.einvoice import submissions
from billing.einvoice.file_provider import FileProvider
from billing.einvoice.provider import Answer, Verdict
from billing.models import CreditNote, Submission, SubmissionStatus
from billing.money import Money
from config import clock
from config.database import db, transaction
from portal.rounds import einvoices as rounds
from tests.portal.conftest import token_of
from tests.portal.test_following_pages import Scene, text

HOSTILE = "Sai <script>alert(1)</script> {number} %(x)s"


class Refusing:
    """A provider that takes nothing."""

    name = "refusing"

    def submit(self, document):
        return Answer(Verdict.REFUSED, reason=HOSTILE)

    ask = submit


@pytest.fixture
def scene(service, person):
    return Scene(service, person)


@pytest.fixture
def note(scene):
    with transaction():
        note = credit_notes.issue(
            invoices.get(scene.id), NewCredit("mất điện", Money(500_000)), by=None
        )
        return note.id, note.display_number


def post(browser, path, **fields):
    return browser.post(path, data=fields, headers={"X-CSRFToken": token_of(browser)})


def states():
    db.session.rollback()
    return dict(db.session.execute(sa.select(Submission.key, Submission.status)).all())


def test_the_invoice_shows_where_it_and_its_credit_notes_stand(scene, note, tmp_path):
    finance = scene.browser("finance")
    page = text(finance.get(f"/invoices/{scene.id}"))
    assert "Hóa đơn điện tử" in page
    assert page.count("Chờ gửi") == 2
    assert rounds.work(FileProvider(tmp_path)) == 2
    page = text(finance.get(f"/invoices/{scene.id}"))
    assert "Đã tiếp nhận" in page
    assert f"{scene.number}.xml" in page
    assert f"/invoices/{scene.id}/einvoice/retry" not in page
    assert "hóa đơn điện tử được tiếp nhận" in page


def test_what_is_refused_says_why_and_is_handed_in_again(scene, note, tmp_path):
    rounds.work(Refusing())
    finance = scene.browser("finance")
    page = text(finance.get(f"/invoices/{scene.id}"))
    assert page.count("Bị nhà cung cấp từ chối") == 2
    assert "<script>alert(1)" in page, "written as it came"
    assert "<script>alert(1)" not in finance.get(f"/invoices/{scene.id}").get_data(as_text=True)
    assert worklist.einvoices().count == 2
    assert "Hóa đơn điện tử chưa được tiếp nhận" in text(finance.get("/"))
    answer = post(finance, f"/invoices/{scene.id}/einvoice/retry")
    assert answer.status_code == 302
    assert answer.location.endswith("#einvoice")
    post(finance, f"/invoices/{scene.id}/credit-notes/{note[0]}/einvoice/retry")
    assert set(states().values()) == {SubmissionStatus.QUEUED}
    assert rounds.work(FileProvider(tmp_path)) == 2
    assert worklist.einvoices().count == 0
    # Pressed twice: the second is told that it is accepted.
    assert post(finance, f"/invoices/{scene.id}/einvoice/retry").status_code == 409


def test_the_list_has_filters_and_hands_in_what_it_shows(scene, note):
    rounds.work(Refusing(), most=1)
    finance = scene.browser("finance")
    assert scene.number in text(finance.get("/einvoices"))
    assert note[1] in text(finance.get("/einvoices"))
    for state, shown, hidden in (
        ("failing", scene.number, note[1]),
        ("refused", scene.number, note[1]),
        ("queued", note[1], scene.number),
    ):
        page = text(finance.get(f"/einvoices?state={state}"))
        assert shown in page
        assert hidden not in page
    assert scene.number not in text(finance.get(f"/einvoices?q={note[1]}"))
    answer = post(finance, "/einvoices/retry", state="refused", q=scene.number)
    assert answer.location.startswith("/einvoices?state=refused")
    assert states()[scene.number] is SubmissionStatus.QUEUED
    assert finance.get("/einvoices?state=nobody").status_code == 422


def test_an_empty_list_says_so(scene, tmp_path):
    rounds.work(FileProvider(tmp_path))
    page = text(scene.browser("finance").get("/einvoices"))
    assert "Đã tiếp nhận tất cả" in page
    assert "Gửi lại tất cả" not in page


def test_a_unit_sees_the_state_and_not_what_went_wrong(scene):
    rounds.work(Refusing())
    ours = scene.browser("ours")
    page = text(ours.get(f"/invoices/{scene.id}"))
    assert "Bị nhà cung cấp từ chối" in page
    assert "alert(1)" not in page
    assert "Gửi lại" not in page
    assert ours.get("/einvoices").status_code == 403
    assert post(ours, f"/invoices/{scene.id}/einvoice/retry").status_code == 403


def test_a_credit_note_of_another_invoice_is_not_found(scene, note):
    finance = scene.browser("finance")
    path = f"/invoices/{scene.id + 1}/credit-notes/{note[0]}/einvoice/retry"
    assert post(finance, path).status_code == 404


def test_the_api_tells_the_same(scene, note, bearer, tmp_path):
    finance, ours = (bearer(scene.people[who]) for who in ("finance", "ours"))
    visitor = scene.service.test_client()
    rounds.work(Refusing())
    place = f"/api/v1/invoices/{scene.id}/einvoice"
    told = visitor.get(place, headers=finance).json
    assert (told["document"], told["status"], told["attempts"]) == (scene.number, "refused", 1)
    assert told["failure"] == HOSTILE
    assert visitor.get(place, headers=ours).json["failure"] is None
    again = visitor.post(f"{place}/retry", headers=finance)
    assert (again.status_code, again.json["status"]) == (200, "queued")
    assert visitor.post(f"{place}/retry", headers=ours).status_code == 403
    visitor.post(f"/api/v1/credit-notes/{note[0]}/einvoice/retry", headers=finance)
    rounds.work(FileProvider(tmp_path))
    told = visitor.get(f"/api/v1/credit-notes/{note[0]}/einvoice", headers=ours).json
    assert (told["document"], told["status"], told["provider"]) == (note[1], "accepted", "file")
    assert len(told["sha256"]) == 64
    refused = visitor.post(f"{place}/retry", headers=finance)
    assert refused.status_code == 409
    with transaction():
        db.session.execute(sa.delete(Submission))
    assert visitor.get(place, headers=finance).status_code == 404


def test_a_folder_that_is_away_is_said_in_vietnamese(scene, tmp_path):
    rounds.work(FileProvider(tmp_path / "share"))
    page = text(scene.browser("finance").get("/einvoices?state=failing"))
    assert f"Không có thư mục {tmp_path / 'share'}" in page
    with clock.standing_at(clock.now() + timedelta(minutes=5)):
        (tmp_path / "share").mkdir()
        assert rounds.work(FileProvider(tmp_path / "share")) == 1
    assert submissions.find(invoices.get(scene.id)).failure == ""
    assert db.session.scalar(sa.select(sa.func.count(CreditNote.id))) == 0
