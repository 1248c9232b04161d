"""Files of bookings over the API: sent as multipart, listed, fetched."""

from typing import Any

from flask import Blueprint, Response, url_for

from portal import uploads
from portal.access import current_member, may
from portal.api.bookings import CHANGE_ALL, visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Paged, Query
from portal.api.instants import local
from portal.idempotency import once
from portal.pages.files import as_download
from rental import attachments
from rental.models import Attachment, AttachmentKind

room = Blueprint("api_files", __name__)


class FileForm(Query):
    """What the file is for."""

    kind: AttachmentKind = AttachmentKind.OTHER


class FileAnswer(Answer):
    """A file of a booking; the media type is told from its bytes."""

    id: int
    filename: str
    kind: AttachmentKind
    media_type: str
    size: int
    sha256: str
    added_at: str


def file_as_json(file: Attachment) -> dict[str, Any]:
    """The file without its bytes."""
    return {
        "id": file.id,
        "filename": file.filename,
        "kind": file.kind.value,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "added_at": local(file.added_at),
    }


@room.get("/bookings/<reference>/files")
@may("see own bookings")
@offers(Call("List the files of a booking", "files", answer=FileAnswer, is_list=True))
def list_files(reference: str, query: Paged) -> Response:
    """The oldest first, without their bytes."""
    files = attachments.of(visible(reference))
    shown = files[query.offset : query.offset + query.per_page]
    return answer({"items": [file_as_json(file) for file in shown], "total": len(files)})


@room.post("/bookings/<reference>/files")
@uploads.takes_files()
@may("change own bookings")
@offers(
    Call("Add a file to a booking", "files", answer=FileAnswer, status=201, refusals=(404, 409))
)
@once
def add_file(reference: str, form: FileForm) -> Response:
    """What it is, is told from its bytes. The same bytes again answer with the same file."""
    booking = visible(reference, CHANGE_ALL)
    upload = uploads.received("file", form.kind)
    file = attachments.add(booking, upload, by=current_member(), largest=uploads.largest_file())
    where = url_for("api_files.fetch_file", reference=booking.reference, file_id=file.id)
    return answer(file_as_json(file), 201, location=where)


@room.get("/bookings/<reference>/files/<int:file_id>")
@may("see own bookings")
@offers(Call("Fetch a file", "files", answer="application/octet-stream", refusals=(404,)))
def fetch_file(reference: str, file_id: int) -> Response:
    """The bytes, to be saved; the list tells of what type they are."""
    sent = as_download(attachments.get(visible(reference), file_id, with_content=True))
    sent.mimetype = "application/octet-stream"
    return sent
