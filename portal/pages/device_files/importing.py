"""Takes a file of devices in: all of it or nothing, and only what was looked at."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from config.database import db
from monitoring import device_batches
from portal.pages.device_files import columns, drafts
from portal.pages.device_files.drafts import Draft
from portal.pages.device_files.errors import BadDeviceFile, OtherOutcome
from rental.models import Member


@dataclass(frozen=True, slots=True)
class SentDevices:
    """A file as it was sent, and the digest of what was looked at, if it was."""

    filename: str
    content: bytes
    seen: str = ""


def preview(sent: SentDevices) -> Draft:
    """What would become of the file; nothing is written. Raises BadSheet or BadFile."""
    return drafts.read(sent.filename, sent.content)


def take_in(sent: SentDevices, *, by: Member | None) -> Draft:
    """Add what is new and change what differs; call inside `transaction()`.

    Raises BadSheet or BadFile; OtherOutcome where something else would become of the file than was
    looked at; BadDeviceFile where a row is wrong.
    """
    device_batches.lock(drafts.names_in(sent.filename, sent.content))
    draft = drafts.read(sent.filename, sent.content)
    if sent.seen and sent.seen != draft.digest:
        raise OtherOutcome
    if not draft.is_good:
        raise BadDeviceFile(rows=told(draft))
    try:
        with db.session.begin_nested():
            device_batches.take_in(draft.planned, by=by)
    except IntegrityError as taken:
        # Somebody added a device of the same name in this very moment.
        raise OtherOutcome from taken
    return draft


def told(draft: Draft) -> list[dict[str, object]]:
    """Each row with its verdict, changes and sentences, for machines."""
    return [
        {
            "row": row.number,
            "name": row.name or None,
            "verdict": row.verdict.value,
            "changes": [
                {"field": each.field, "was": each.was, "becomes": each.becomes}
                for each in row.changes
            ],
            "problems": [columns.plainly(problem) for problem in row.problems],
            "notes": [columns.plainly(note) for note in row.notes],
        }
        for row in draft.rows
    ]
