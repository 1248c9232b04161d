"""Files that come in: which views take them, how large a body may then be, and reading them.

    @pages.post("")
    @uploads.takes_files()
    @may("change own bookings")
    def add(reference: str) -> Response:
        upload = uploads.received("file")

The limit is asked before anything of the body is read. Other views keep the limit of forms.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.datastructures import FileStorage

from config.errors import Refusal
from config.settings import Settings
from portal.access import current_member_or_none
from rental.attachments import Upload
from rental.errors import BadFile
from rental.models import AttachmentKind

View = TypeVar("View", bound=Callable[..., Any])

MEGABYTE = 1_000_000
# The other fields of the form, and the lines between the parts.
ENVELOPE = 256 * 1024


class TooLarge(Refusal):
    """What was sent is larger than the service accepts; send a smaller file or less at once."""


def takes_files(most: int = 1) -> Callable[[View], View]:
    """Let a view receive up to so many files of the largest size in one request.

    Written above `may`: the limit must be known before the view is chosen to run.
    """

    def mark(view: View) -> View:
        view.takes_files = most  # type: ignore[attr-defined]
        return view

    return mark


def largest_file() -> int:
    """The largest file that is taken, in bytes."""
    settings: Settings = current_app.extensions["settings"]
    return settings.file_megabytes * MEGABYTE


def largest_body() -> int | None:
    """The largest body of a request to a view that takes files; None where forms' limit holds.

    A visitor who has not signed in sends no files, whatever the view.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    most: int = getattr(view, "takes_files", 0)
    if not most or current_member_or_none() is None:
        return None
    return most * largest_file() + ENVELOPE


def received(name: str, kind: AttachmentKind = AttachmentKind.OTHER) -> Upload:
    """The one file of a form field; raises BadFile where none was chosen."""
    return _read(request.files.get(name), kind)


def received_if_any(name: str, kind: AttachmentKind = AttachmentKind.OTHER) -> Upload | None:
    """The file of a form field, or None where none was chosen."""
    sent = request.files.get(name)
    return _read(sent, kind) if sent is not None and sent.filename else None


def received_all(name: str, kind: AttachmentKind = AttachmentKind.OTHER) -> list[Upload]:
    """Every file of a form field that takes several; empty where none was chosen."""
    return [_read(sent, kind) for sent in request.files.getlist(name) if sent.filename]


def _read(sent: FileStorage | None, kind: AttachmentKind) -> Upload:
    if sent is None or not sent.filename:
        raise BadFile("No file was chosen; choose one and send it again.")
    # One byte more than is taken tells that there is more.
    return Upload(sent.filename, sent.stream.read(largest_file() + 1), kind)
