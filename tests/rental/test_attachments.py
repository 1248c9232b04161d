"""Files of bookings: what they are is told from their bytes, and names are made safe."""

import pytest

from config.database import db
from rental import attachments, file_kinds
from rental.attachments import Upload
from rental.errors import BadFile, FileStays, FileTooLarge, MovedOn, UnknownFile
from rental.file_kinds import FileKind
from rental.models import Attachment, AttachmentKind, BookingStatus
from tests import build, files

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + b"\0" * 200


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (files.pdf(), FileKind.PDF),
        (files.png(), FileKind.PNG),
        (files.jpeg(), FileKind.JPEG),
        (files.jpeg() + b"SEFT notes of a camera", FileKind.JPEG),
        (files.webp(), FileKind.WEBP),
        (files.docx(), FileKind.DOCX),
        (files.xlsx(), FileKind.XLSX),
        (files.odt(), FileKind.ODT),
    ],
)
def test_the_bytes_say_what_a_file_is(content, kind):
    assert file_kinds.of(content) is kind


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (EXE, "a program, whatever its name"),
        (HTML, "a page"),
        (SVG, "a picture that runs scripts"),
        (b"\xef\xbb\xbf" + SVG, "the same behind a byte-order mark"),
        (b"GIF89a" + HTML, "a picture we do not take"),
        (b"junk" + files.pdf(), "a PDF behind something else"),
        (b"%PDF-1.7\nno end", "half a PDF"),
        (files.png()[:-4], "a picture cut short"),
        (files.png() + HTML, "a page behind a picture"),
        (b"\x89PNG\r\n\x1a\n" + HTML, "a page behind a picture's first bytes"),
        (b"\xff\xd8\xff" + HTML, "a page behind a JPEG's first bytes"),
        (files.webp()[:-1], "a WebP shorter than it says"),
        (files.webp() + HTML, "a page behind a WebP"),
        (files.jpeg() + files.archive({"x": b"y"}), "an archive behind a picture"),
        (files.pdf()[:20] + files.archive({"x": b"y"}) + b"%%EOF", "an archive inside a PDF's end"),
        (files.archive({"x.txt": b"y"}), "an archive that is no document"),
        (files.archive({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "slides"),
        (EXE + files.docx(), "a program before a document"),
        (files.docx()[:-10], "a document cut short"),
        (files.docx(**{"word/vbaProject.bin": b"x"}), "macros"),
        (files.docx(**{"../../x": b"x"}), "a path that leads out"),
        (files.bomb(), "a bomb"),
        (files.lying_bomb(), "a bomb that lies about its size"),
        (files.locked(), "locked entries"),
    ],
)
def test_everything_else_is_refused(content, why):
    with pytest.raises(BadFile):
        file_kinds.of(content)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("thong-bao.pdf", "thong-bao.pdf"),
        ("Thông báo họp báo.PDF", "Thông báo họp báo.pdf"),
        ("Tho\u0302ng ba\u0301o.pdf", "Thông báo.pdf"),  # NFD is composed
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Windows\\system32\\x.pdf", "x.pdf"),
        ("notice.pdf.exe", "notice.pdf"),  # the last ending is a lie
        ("notice.exe", "notice.pdf"),
        ("notice.html.pdf", "notice.html.pdf"),
        ("v1.2", "v1.2.pdf"),  # no ending at all
        ("gpj\u202efdp.exe", "gpjfdp.pdf"),  # turned around to look like another
        ("a\x00b\r\nc\u200b.pdf", "a b c.pdf"),
        ('a"<b>|c?.pdf', "a-b-c.pdf"),
        ("", "tep.pdf"),
        (".pdf", "tep.pdf"),
        ("...", "tep.pdf"),
        ("ạ" * 300 + ".pdf", "ạ" * 58 + ".pdf"),  # 180 bytes
    ],
)
def test_a_name_is_made_safe(given, kept):
    assert file_kinds.cleaned_name(given, FileKind.PDF) == kept


def test_a_picture_keeps_its_own_ending():
    assert file_kinds.cleaned_name("IMG_1.JPEG", FileKind.JPEG) == "IMG_1.jpeg"
    assert file_kinds.cleaned_name("IMG_1.png", FileKind.JPEG) == "IMG_1.jpg"


@pytest.fixture
def scene(house):
    member = build.a_member()
    return build.a_booking(build.a_hall(), member=member), member


def test_a_file_is_kept_with_its_bytes_and_told_in_the_journal(scene):
    booking, member = scene
    kept = attachments.add(booking, Upload("a.pdf", files.pdf()), by=member)
    db.session.expire_all()
    found = attachments.get(booking, kept.id, with_content=True)
    assert (found.content, found.media_type) == (files.pdf(), "application/pdf")
    assert [each.filename for each in attachments.of(booking)] == ["a.pdf"]


def test_the_same_bytes_are_kept_once(scene):
    booking, member = scene
    first = attachments.add(booking, Upload("a.pdf", files.pdf()), by=member)
    assert attachments.add(booking, Upload("b.pdf", files.pdf()), by=member).id == first.id
    notice = Upload("b.pdf", files.pdf(), AttachmentKind.NOTICE)
    assert attachments.add(booking, notice, by=member).id == first.id
    assert first.kind is AttachmentKind.NOTICE
    answer = Upload("b.pdf", files.pdf(), AttachmentKind.ANSWER)
    assert attachments.add(booking, answer, by=member).id != first.id


def test_a_booking_has_fifty_files_at_most(scene):
    booking, member = scene
    for number in range(50):
        attachments.add(booking, Upload("a.pdf", files.pdf(str(number))), by=member)
    with pytest.raises(BadFile):
        attachments.add(booking, Upload("a.pdf", files.pdf("one more")), by=member)
    assert attachments.add(booking, Upload("a.pdf", files.pdf("3")), by=member)


def test_a_file_that_is_too_large_is_refused(scene):
    booking, member = scene
    with pytest.raises(FileTooLarge):
        attachments.add(booking, Upload("a.pdf", files.pdf("x" * 11_000_000)), by=member)


@pytest.mark.parametrize("status", sorted(attachments.OVER))
def test_what_came_to_nothing_takes_no_more_files(scene, status):
    booking, member = scene
    booking.status = status
    with pytest.raises(MovedOn):
        attachments.add(booking, Upload("a.pdf", files.pdf()), by=member)


def test_the_file_of_another_booking_does_not_exist(scene):
    booking, member = scene
    kept = attachments.add(booking, Upload("a.pdf", files.pdf()), by=member)
    other = build.a_booking(build.a_hall(), member=member)
    with pytest.raises(UnknownFile):
        attachments.get(other, kept.id)


def test_ones_own_file_of_a_request_can_be_deleted(scene):
    booking, member = scene
    kept = attachments.add(booking, Upload("a.pdf", files.pdf()), by=member)
    colleague = build.a_member(unit=member.unit)
    with pytest.raises(FileStays):
        attachments.delete(booking, kept.id, by=colleague)
    booking.status = BookingStatus.CONFIRMED
    with pytest.raises(FileStays):
        attachments.delete(booking, kept.id, by=member)
    booking.status = BookingStatus.REQUESTED
    attachments.delete(booking, kept.id, by=member)
    assert db.session.query(Attachment).count() == 0
