"""Files over pages and API: who may see them, how they come back, how large they may be."""

import io

import pytest

from config.database import transaction
from rental import attachments
from rental.attachments import Upload
from rental.models import Role
from tests import build, files
from tests.portal.conftest import signed_in, token_of

NAME = "Thông báo [họp] báo.pdf"


@pytest.fixture
def scene(service, person):
    """A booking of one unit, its member, and a stranger."""
    member, stranger = person(), person()
    with transaction():
        booking = build.a_booking(build.a_hall(), member=member)
        reference = booking.reference
    return reference, member, stranger


def sent(client, reference, content, name=NAME):
    return client.post(
        f"/bookings/{reference}/files",
        data={"csrf_token": token_of(client), "file": (io.BytesIO(content), name)},
    )


def test_a_file_comes_back_to_be_saved_and_is_never_run(service, scene):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    assert sent(client, reference, files.pdf()).status_code == 302
    page = client.get(f"/bookings/{reference}").get_data(as_text=True)
    assert "Thông báo [họp] báo.pdf" in page
    found = client.get(f"/bookings/{reference}/files/{_only(reference)}")
    assert found.get_data() == files.pdf()
    head = found.headers
    assert head["Content-Disposition"].startswith('attachment; filename="Th_ng b_o')
    assert (
        "filename*=UTF-8''Th%C3%B4ng%20b%C3%A1o%20%5Bh%E1%BB%8Dp%5D" in head["Content-Disposition"]
    )
    assert head["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in head["Content-Security-Policy"]
    assert head["Cache-Control"] == "no-store"


def _only(reference):
    booking = build.db.session.query(build.Booking).filter_by(reference=reference).one()
    (file,) = attachments.of(booking)
    return file.id


def test_only_a_picture_is_shown_inside_a_page(service, scene):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    sent(client, reference, files.png(), "a.png")
    shown = client.get(f"/bookings/{reference}/files/{_only(reference)}/image")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert (shown.mimetype, shown.status_code) == ("image/png", 200)


def test_a_paper_is_no_picture(service, scene):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    sent(client, reference, files.pdf())
    assert client.get(f"/bookings/{reference}/files/{_only(reference)}/image").status_code == 404


@pytest.mark.parametrize("content", [b"MZ\x90\0", b"<!doctype html><script>", b"<svg/>", b""])
def test_a_hostile_file_is_refused_in_words(service, scene, content):
    reference, member, _stranger = scene
    refused = sent(signed_in(service, member), reference, content, "notice.pdf")
    assert refused.status_code == 422
    assert "tệp" in refused.get_data(as_text=True)


def test_a_form_without_a_file_is_refused(service, scene):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    refused = client.post(f"/bookings/{reference}/files", data={"csrf_token": token_of(client)})
    assert refused.status_code == 422


def test_a_stranger_finds_no_file_and_cannot_add_one(service, scene):
    reference, member, stranger = scene
    sent(signed_in(service, member), reference, files.png(), "a.png")
    number = _only(reference)
    client = signed_in(service, stranger)
    for path in (f"/{number}", f"/{number}/image", "/99999"):
        assert client.get(f"/bookings/{reference}/files{path}").status_code == 404
    assert sent(client, reference, files.pdf()).status_code == 404
    gone = client.post(
        f"/bookings/{reference}/files/{number}/delete", data={"csrf_token": token_of(client)}
    )
    assert gone.status_code == 404


def test_a_body_too_large_is_refused_before_it_is_read(service, scene):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    refused = sent(client, reference, files.pdf("x" * 51_000_000))
    assert refused.status_code == 413
    assert "50 MB" in refused.get_data(as_text=True)
    # Elsewhere the limit of forms holds, and for visitors everywhere.
    big = {"csrf_token": token_of(client), "file": (io.BytesIO(b"x" * 1_100_000), "x")}
    assert client.post(f"/bookings/{reference}/cancel", data=big).status_code == 413
    visitor = service.test_client()
    assert sent(visitor, reference, b"x" * 1_100_000).status_code == 413


def test_eleven_megabytes_are_one_too_many(service, scene):
    reference, member, _stranger = scene
    refused = sent(signed_in(service, member), reference, files.pdf("x" * 11_000_000))
    assert refused.status_code == 422
    assert "10 MB" in refused.get_data(as_text=True)


def test_ones_own_file_is_deleted_and_a_staff_member_deletes_no_unit_file(service, scene, person):
    reference, member, _stranger = scene
    client = signed_in(service, member)
    sent(client, reference, files.pdf())
    number = _only(reference)
    desk = signed_in(service, person(role=Role.DESK))
    place = f"/bookings/{reference}/files/{number}/delete"
    assert desk.post(place, data={"csrf_token": token_of(desk)}).status_code == 409
    assert client.post(place, data={"csrf_token": token_of(client)}).status_code == 302
    assert client.get(f"/bookings/{reference}/files/{number}").status_code == 404


def test_a_name_from_the_database_cannot_break_the_header(service, scene):
    reference, member, _stranger = scene
    with transaction():
        booking = build.db.session.query(build.Booking).filter_by(reference=reference).one()
        upload = Upload('a";\r\nSet-Cookie: x=y;".pdf', files.pdf())
        number = attachments.add(booking, upload, by=member).id
    found = signed_in(service, member).get(f"/bookings/{reference}/files/{number}")
    assert "Set-Cookie: x" not in str(found.headers)
