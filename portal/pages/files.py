"""Files of a booking: sent, listed on its page, fetched by whoever may see the booking."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from config.database import transaction
from portal import uploads
from portal.access import allowed, current_member, may
from portal.pages.bookings import visible
from rental import attachments
from rental.errors import UnknownFile
from rental.file_kinds import IMAGES
from rental.models import Attachment, Booking

pages = Blueprint("files", __name__, url_prefix="/bookings/<reference>/files")

ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.docx,.xlsx,.odt"
# Whatever is inside, a browser that opens it runs nothing and asks nobody.
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"


def as_download(file: Attachment) -> Response:
    """The bytes to be saved under their name, in no page and no cache."""
    return _sent(file, "attachment")


def as_image(file: Attachment) -> Response:
    """A picture to be shown; raises UnknownFile for what is none."""
    if file.media_type not in IMAGES:
        raise UnknownFile("The file is no picture; download it instead.")
    return _sent(file, "inline")


def _sent(file: Attachment, way: str) -> Response:
    answer = Response(file.content, mimetype=file.media_type)
    plain = file.filename.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    # RFC 6266 with RFC 5987: the name in UTF-8, and one in ASCII for whoever cannot read it.
    answer.headers["Content-Disposition"] = (
        f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.filename, safe='')}"
    )
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("")
@uploads.takes_files(5)
@may("change own bookings")
def add(reference: str) -> Answer:
    """Keep what was chosen beside the booking, all of it or nothing."""
    booking = visible(reference)
    sent = uploads.received_all("file") or [uploads.received("file")]
    with transaction():
        for upload in sent:
            attachments.add(booking, upload, by=current_member(), largest=uploads.largest_file())
    flash(_("The file is kept with the booking."), "good")
    return redirect(url_for("bookings.show", reference=reference))


@pages.get("/<int:file_id>")
@may("see own bookings")
def download(reference: str, file_id: int) -> Response:
    """The file, to be saved."""
    return as_download(attachments.get(visible(reference), file_id, with_content=True))


@pages.get("/<int:file_id>/image")
@may("see own bookings")
def image(reference: str, file_id: int) -> Response:
    """The picture, to be shown."""
    return as_image(attachments.get(visible(reference), file_id, with_content=True))


@pages.post("/<int:file_id>/delete")
@may("change own bookings")
def delete(reference: str, file_id: int) -> Answer:
    """Take one's own file away."""
    booking = visible(reference)
    with transaction():
        attachments.delete(booking, file_id, by=current_member())
    flash(_("The file is deleted."), "good")
    return redirect(url_for("bookings.show", reference=reference))


def _files_of(booking: Booking) -> list[dict[str, Any]]:
    """The files of a booking as its page lists them."""
    member = current_member()
    deletes = allowed("change own bookings")
    return [
        {
            "file": file,
            "is_image": file.media_type in IMAGES,
            "may_delete": deletes and attachments.may_delete(booking, file, member),
        }
        for file in attachments.of(booking)
    ]


def _takes_files(booking: Booking) -> bool:
    """Whether who looks may add a file to it now."""
    own = allowed("change every unit's bookings") or booking.unit_id == current_member().unit_id
    return own and allowed("change own bookings") and booking.status not in attachments.OVER


FOR_TEMPLATES = {
    "files_of": _files_of,
    "takes_files": _takes_files,
    "file_accept": lambda: ACCEPT,
    "file_megabytes": lambda: uploads.largest_file() // uploads.MEGABYTE,
}
