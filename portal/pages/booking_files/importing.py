"""Takes a file of bookings in: all of it or nothing, and the same file once."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db
from config.errors import Refusal
from portal.models import ImportedFile
from portal.pages.booking_files import drafts
from portal.pages.booking_files.drafts import Draft
from portal.pages.booking_files.errors import ImportedBefore, OtherFile, RefusedFile
from rental import bookings, journal
from rental.models import Booking, Member


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent, and the digest of the one that was looked at, if one was."""

    filename: str
    content: bytes
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long requests wait for an answer, in days; or that the desk confirms all at once."""

    keep_days: int = 7
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A file that was taken in, and what came of it."""

    file: ImportedFile
    bookings: Sequence[Booking]
    draft: Draft


def find(digest: str) -> ImportedFile | None:
    """The file of this digest, if it was imported before."""
    return db.session.scalar(sa.select(ImportedFile).where(ImportedFile.digest == digest))


def recent(limit: int = 20) -> list[ImportedFile]:
    """The files imported last."""
    return list(
        db.session.scalars(sa.select(ImportedFile).order_by(ImportedFile.id.desc()).limit(limit))
    )


def preview(sent: SentFile, terms: Terms, *, by: Member) -> Draft:
    """What would become of the file; everything but writing is done, and then undone.

    Raises BadSheet. Call inside `transaction()`.
    """
    draft = drafts.read(sent.content, by=by)
    trial = db.session.begin_nested()
    try:
        _require_new(draft.digest)
        drafts.look(draft, by=by)
        if draft.is_good:
            _write(draft, terms, by)
    except Refusal as refusal:
        draft.refusal = refusal
    finally:
        trial.rollback()
    return draft


def take_in(sent: SentFile, terms: Terms, *, by: Member) -> TakenIn:
    """Request every booking of the file, and confirm it where the terms say so.

    Raises BadSheet, OtherFile, ImportedBefore, RefusedFile (a row is wrong or taken), or what the
    bookings room refuses. Call inside `transaction()`.
    """
    digest = drafts.digest_of(sent.content)
    if sent.seen and sent.seen != digest:
        raise OtherFile
    draft = drafts.read(sent.content, by=by)
    imported = _claim(sent, draft, by)
    drafts.look(draft, by=by)
    if not draft.is_good:
        raise RefusedFile(rows=told(draft))
    written = _write(draft, terms, by)
    journal.record(imported, "imported", by=by, filename=imported.filename, bookings=len(written))
    return TakenIn(imported, written, draft)


def told(draft: Draft) -> list[dict[str, object]]:
    """Each row with its verdict and the sentences of its refusals, for machines."""
    return [
        {
            "row": row.number,
            "event": row.said("event") or None,
            "verdict": row.verdict,
            "problems": [problem.message for problem in row.problems],
        }
        for row in draft.rows
    ]


def _claim(sent: SentFile, draft: Draft, by: Member) -> ImportedFile:
    """Take the digest for this transaction; a second sender waits here and is then refused."""
    mine = db.session.scalar(
        insert(ImportedFile)
        .values(
            digest=draft.digest,
            filename=sent.filename,
            member_id=by.id,
            booking_count=len(draft.events),
            line_count=len(draft.rows),
            imported_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(ImportedFile)
    )
    if mine is None:
        _require_new(draft.digest)
        raise ImportedBefore
    return mine


def _require_new(digest: str) -> None:
    before = find(digest)
    if before is not None:
        raise ImportedBefore(
            "This file was imported before, by {name}: {count} bookings. "
            "Nothing is imported twice.",
            name=before.member.name,
            count=before.booking_count,
            imported_at=before.imported_at.isoformat(),
        )


def _write(draft: Draft, terms: Terms, by: Member) -> Sequence[Booking]:
    written = bookings.request_all(draft.wanted, by=by, keep_days=terms.keep_days)
    if terms.confirms:
        for booking in written:
            bookings.confirm(booking, by=by)
    return written
