"""Files of bookings: taken only when their bytes are what we take, kept beside the booking."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from config.database import db
from rental import file_kinds, journal, moves
from rental.errors import BadFile, FileStays, FileTooLarge, MovedOn, UnknownFile
from rental.models import Attachment, AttachmentKind, Booking, BookingStatus, Member

MOST_FILES = 50
LARGEST = 10_000_000
# What never took place needs no more papers.
OVER = frozenset({BookingStatus.DECLINED, BookingStatus.CANCELLED, BookingStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: the sender's name for it, its bytes, what it is for."""

    filename: str
    content: bytes
    kind: AttachmentKind = AttachmentKind.OTHER
    # The movement whose condition a picture shows.
    movement_id: int | None = None


def add(booking: Booking, upload: Upload, *, by: Member, largest: int = LARGEST) -> Attachment:
    """Keep a file; the same bytes for the same purpose are kept once and the first row comes back.

    Raises BadFile, FileTooLarge (`largest` bytes), or MovedOn where the booking came to nothing.
    """
    if len(upload.content) > largest:
        raise FileTooLarge(
            "The file is larger than {megabytes} MB; send a smaller one.",
            megabytes=largest // 1_000_000,
        )
    kind = file_kinds.of(upload.content)
    if moves.lock(booking).status in OVER:
        raise MovedOn(
            "The booking is {status}; files are no longer added to it.", status=booking.status
        )
    found = _same(booking, sha256(upload.content).hexdigest(), upload)
    if found is not None:
        return found
    if _count(booking) >= MOST_FILES:
        raise BadFile("A booking has at most {most} files; delete one first.", most=MOST_FILES)
    added = Attachment(
        booking_id=booking.id,
        kind=upload.kind,
        filename=file_kinds.cleaned_name(upload.filename, kind),
        media_type=kind.media_type,
        size=len(upload.content),
        sha256=sha256(upload.content).hexdigest(),
        content=upload.content,
        movement_id=upload.movement_id,
        member_id=by.id,
    )
    db.session.add(added)
    db.session.flush()
    journal.record(booking, "file_added", by=by, filename=added.filename, kind=added.kind.value)
    return added


def _same(booking: Booking, digest: str, upload: Upload) -> Attachment | None:
    """The same bytes on the same booking; a file kept for nothing special takes the new purpose."""
    for found in db.session.scalars(
        sa.select(Attachment)
        .where(Attachment.booking_id == booking.id, Attachment.sha256 == digest)
        .order_by(Attachment.id)
    ):
        if found.kind is upload.kind and found.movement_id == upload.movement_id:
            return found
        if found.kind is AttachmentKind.OTHER and upload.movement_id is None:
            found.kind = upload.kind
            db.session.flush()
            return found
    return None


def _count(booking: Booking) -> int:
    query = sa.select(sa.func.count(Attachment.id)).where(Attachment.booking_id == booking.id)
    return db.session.scalar(query) or 0


def of(booking: Booking) -> list[Attachment]:
    """The files of a booking, oldest first, without their bytes."""
    return list(
        db.session.scalars(
            sa.select(Attachment)
            .where(Attachment.booking_id == booking.id)
            .options(joinedload(Attachment.member))
            .order_by(Attachment.id)
        )
    )


def of_movements(movement_ids: Iterable[int]) -> dict[int, list[Attachment]]:
    """The pictures of movements, by the id of the movement, without their bytes."""
    found: dict[int, list[Attachment]] = {}
    for each in db.session.scalars(
        sa.select(Attachment)
        .where(Attachment.movement_id.in_(list(movement_ids)))
        .order_by(Attachment.id)
    ):
        found.setdefault(each.movement_id or 0, []).append(each)
    return found


def get(booking: Booking, file_id: int, *, with_content: bool = False) -> Attachment:
    """One file of this booking; raises UnknownFile, also for another booking's."""
    query = sa.select(Attachment).where(
        Attachment.id == file_id, Attachment.booking_id == booking.id
    )
    if with_content:
        query = query.options(undefer(Attachment.content))
    found = db.session.scalar(query)
    if found is None:
        raise UnknownFile
    return found


def may_delete(booking: Booking, file: Attachment, by: Member) -> bool:
    """Whether `by` may take the file away: its own, of a request, and no paper of a clearance."""
    return (
        booking.status is BookingStatus.REQUESTED
        and file.member_id == by.id
        and file.clearance_id is None
    )


def delete(booking: Booking, file_id: int, *, by: Member) -> None:
    """Take one's own file away while the booking is a request; raises FileStays."""
    moves.lock(booking)
    found = get(booking, file_id)
    if not may_delete(booking, found, by):
        raise FileStays
    journal.record(booking, "file_deleted", by=by, filename=found.filename)
    db.session.delete(found)
    db.session.flush()
