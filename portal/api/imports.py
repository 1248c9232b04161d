"""Bookings from a file over the API: looked at with `?preview=1`, else taken in as a whole."""

from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import Field

from portal import uploads
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Query
from portal.idempotency import once
from portal.pages.booking_files import importing
from portal.pages.booking_files.drafts import Draft
from portal.pages.booking_files.importing import SentFile, TakenIn
from portal.pages.imports import sent_file, terms

room = Blueprint("api_imports", __name__)


class ImportQuery(Query):
    """Whether only to look, and whether the desk confirms what it requests."""

    preview: bool = False
    confirm: bool = False


class ImportForm(Query):
    """No field but the file."""


class ImportedRow(Answer):
    """One row of the file, by the number a spreadsheet shows beside it."""

    row: int
    event: str | None
    verdict: Literal["ok", "wrong", "conflict"]
    problems: list[str]


class ImportAnswer(Answer):
    """What became of the file, or would become of it."""

    digest: str = Field(description="SHA-256 of the bytes: the same file is taken once.")
    filename: str
    preview: bool
    good: bool = Field(description="Whether all of it can be taken in.")
    problem: str | None = Field(description="Why the file as a whole is refused.")
    bookings: list[str] = Field(description="References, in the file's order; empty in a preview.")
    rows: list[ImportedRow]


@room.post("/imports/bookings")
@uploads.takes_files()
@may("import bookings")
@offers(
    Call("Import bookings", "exports", answer=ImportAnswer, status=201, refusals=(409,)),
)
@once
def import_bookings(query: ImportQuery, form: ImportForm) -> Response:  # noqa: ARG001
    """CSV or XLSX, all bookings or none. 200 with `preview=1`, which writes nothing."""
    sent = sent_file()
    asked = terms(confirms=query.confirm)
    if query.preview:
        return answer(_told(sent, importing.preview(sent, asked, by=current_member()), None))
    taken = importing.take_in(sent, asked, by=current_member())
    return answer(_told(sent, taken.draft, taken), 201)


def _told(sent: SentFile, draft: Draft, taken: TakenIn | None) -> dict[str, Any]:
    return {
        "digest": draft.digest,
        "filename": sent.filename,
        "preview": taken is None,
        "good": draft.is_good,
        "problem": draft.refusal.message if draft.refusal else None,
        "bookings": [booking.reference for booking in taken.bookings] if taken else [],
        "rows": importing.told(draft),
    }
