"""The journal: who did what, when, written in the transaction of the deed."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config.database import Base, db
from rental.models import JournalEntry, Member


def record(subject: Base, verb: str, *, by: Member | None, **details: Any) -> None:
    """Note that `by` (None: the service itself) did `verb` to the flushed row `subject`."""
    db.session.add(
        JournalEntry(
            subject=subject.__tablename__,
            subject_id=subject.id,  # type: ignore[attr-defined]
            verb=verb,
            member_id=by.id if by else None,
            details=details,
        )
    )


def of(subject: Base) -> list[JournalEntry]:
    """All that was done to one row, oldest first."""
    return list(
        db.session.scalars(
            sa.select(JournalEntry)
            .where(
                JournalEntry.subject == subject.__tablename__,
                JournalEntry.subject_id == subject.id,  # type: ignore[attr-defined]
            )
            .order_by(JournalEntry.id)
        )
    )


def recent(limit: int = 100, offset: int = 0) -> list[JournalEntry]:
    """The newest deeds of all, with who did them."""
    return list(
        db.session.scalars(
            sa.select(JournalEntry)
            .options(joinedload(JournalEntry.member))
            .order_by(JournalEntry.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )
