"""Taking a bank's file into the records: the whole of it or nothing, and no booking twice."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from billing.bank import reading
from billing.bank.csv_files import Mapping
from billing.bank.rows import Row, Sheet, tidy
from billing.errors import StatementKnown
from billing.models import BankEntry, BankMapping, BankStatement, EntryState
from config import clock
from config.database import db
from rental import journal
from rental.models import Member

WENT_OUT = "went out"
# A lock of its own among the advisory locks.
_LOCK = 74_210


@dataclass(frozen=True, slots=True)
class BankFile:
    """What was sent: its name, its bytes, and for CSV the account it is of."""

    name: str
    content: bytes
    account: str = ""
    mapping: Mapping | None = None


def take_in(file: BankFile, *, by: Member | None) -> list[BankStatement]:
    """Write the file's statements and those of their bookings that are new.

    Bookings that earlier statements brought are counted and left out. Raises BadBankFile with the
    reason and the line, UnknownMapping for CSV of an account nobody has mapped, and StatementKnown
    for the very same file again.
    """
    account = tidy(file.account, 60)
    mapping = file.mapping or mapping_of(account)
    kind, sheets = reading.sheets_of(file.content, account, mapping)
    # One file after the other: two of one account at once would not know of each other's rows.
    lock()
    digest = hashlib.sha256(file.content).hexdigest()
    _require_new(digest)
    statements = []
    for position, sheet in enumerate(sheets, start=1):
        statement = BankStatement(
            file_name=tidy(file.name, 200) or "–",
            sha256=digest,
            position=position,
            format=kind,
            account=tidy(sheet.account, 60),
            currency=sheet.currency,
            starts_on=sheet.starts_on,
            ends_on=sheet.ends_on,
            opening_minor=sheet.opening_minor,
            closing_minor=sheet.closing_minor,
            imported_by_id=by.id if by else None,
        )
        db.session.add(statement)
        db.session.flush()
        _add_rows(statement, sheet)
        journal.record(statement, "imported", by=by, rows=statement.new_rows)
        statements.append(statement)
    if file.mapping is not None and kind == reading.CSV:
        keep_mapping(account, file.mapping, by=by)
    return statements


def lock() -> None:
    """Let files and matching runs come one after the other until the transaction ends."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def mapping_of(account: str) -> Mapping | None:
    """What the columns of the account's CSV files mean, if somebody has said it."""
    found = db.session.scalar(sa.select(BankMapping).where(BankMapping.account == account))
    return None if found is None else Mapping.model_validate(found.columns)


def keep_mapping(account: str, mapping: Mapping, *, by: Member | None) -> None:
    """Keep the mapping for the account's next file."""
    found = db.session.scalar(
        sa.select(BankMapping).where(BankMapping.account == account).with_for_update()
    )
    if found is None:
        found = BankMapping(account=account)
        db.session.add(found)
    found.columns = mapping.model_dump()
    found.saved_at, found.saved_by_id = clock.now(), by.id if by else None
    db.session.flush()


def _require_new(digest: str) -> None:
    known = db.session.scalar(
        sa.select(BankStatement).where(BankStatement.sha256 == digest).limit(1)
    )
    if known is not None:
        raise StatementKnown(
            "This very file was taken in on {day} as {name}; nothing was added.",
            words={"day": f"{known.imported_at.astimezone(clock.LOCAL):%d/%m/%Y %H:%M}"},
            name=known.file_name,
            statement=known.id,
        )


def _add_rows(statement: BankStatement, sheet: Sheet) -> None:
    numbered: Counter[str] = Counter()
    keyed: list[tuple[int, Row, str | None, str]] = []
    for position, row in enumerate(sheet.rows, start=1):
        first = row.id_key()
        key = None if first is None else row.id_key(numbered[first])
        if first is not None:
            numbered[first] += 1
        keyed.append((position, row, key, row.fingerprint(statement.account, sheet.currency)))
    known = _Known.of(statement.account, keyed)
    new = [
        _columns(statement, one, known.next_ordinal(one[3]))
        for one in keyed
        if not known.has(one[2], one[3])
    ]
    if new:
        db.session.execute(sa.insert(BankEntry), new)
    statement.new_rows, statement.known_rows = len(new), len(keyed) - len(new)
    db.session.flush()


def _columns(
    statement: BankStatement, one: tuple[int, Row, str | None, str], ordinal: int
) -> dict[str, Any]:
    position, row, key, fingerprint = one
    came_in = row.amount_minor > 0
    return {
        "statement_id": statement.id,
        "position": position,
        "account": statement.account,
        "booked_on": row.booked_on,
        "valued_on": row.valued_on,
        "amount_minor": row.amount_minor,
        "currency": statement.currency,
        "payer_name": row.payer_name,
        "payer_account": row.payer_account,
        "text": row.text,
        "bank_id": row.bank_id,
        "id_key": key,
        "fingerprint": fingerprint,
        "ordinal": ordinal,
        "state": EntryState.UNMATCHED if came_in else EntryState.IGNORED,
        "reason": "" if came_in else WENT_OUT,
        "suggestions": [],
    }


class _Known:
    """The bookings of an account that are on record and resemble those of a file.

    The bank's own number settles it where both have one. Where either has none, equal bookings are
    counted: of three equal ones in a file, as many are new as are not on record yet.
    """

    def __init__(self, rows: Iterable[tuple[str | None, str, int]]) -> None:
        self.ids: dict[str, str] = {}
        # Equal bookings on record that no row of the file has answered to yet.
        self.numbered: Counter[str] = Counter()
        self.bare: Counter[str] = Counter()
        self.ordinals: dict[str, int] = defaultdict(int)
        for key, fingerprint, ordinal in rows:
            (self.bare if key is None else self.numbered)[fingerprint] += 1
            if key is not None:
                self.ids[key] = fingerprint
            self.ordinals[fingerprint] = max(self.ordinals[fingerprint], ordinal + 1)

    @classmethod
    def of(cls, account: str, keyed: Sequence[tuple[int, Row, str | None, str]]) -> "_Known":
        """Read what is on record for the account and resembles the rows."""
        ids = [key for _at, _row, key, _print in keyed if key is not None]
        prints = [fingerprint for _at, _row, _key, fingerprint in keyed]
        found = db.session.execute(
            sa.select(BankEntry.id_key, BankEntry.fingerprint, BankEntry.ordinal).where(
                BankEntry.account == account,
                sa.or_(BankEntry.id_key.in_(ids), BankEntry.fingerprint.in_(prints)),
            )
        )
        return cls(found.tuples())

    def has(self, key: str | None, fingerprint: str) -> bool:
        """Whether the booking is on record; each one on record answers for one row only."""
        if key is not None and key in self.ids:
            self.numbered[self.ids[key]] -= 1
            return True
        if self.bare[fingerprint] > 0:
            self.bare[fingerprint] -= 1
            return True
        if key is None and self.numbered[fingerprint] > 0:
            self.numbered[fingerprint] -= 1
            return True
        return False

    def next_ordinal(self, fingerprint: str) -> int:
        """The place of one more booking that says the same."""
        self.ordinals[fingerprint] += 1
        return self.ordinals[fingerprint] - 1
