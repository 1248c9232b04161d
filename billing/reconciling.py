"""Whether everything reconciles to the đồng: each rule a query that names what differs, by id.

Σ live charges = Σ invoiced + unbilled; Σ payments − reversed = Σ live allocations + Σ refunds +
balances; what stands on invoices is what their lines, payments and credit notes add up to; numbers
have no gap; snapshots say what the columns say; sealed evidence fits its seal; the journal of this
month and the last says of revenue and deferred revenue what the reports say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from billing import bookkeeping, closing, month_reports, traffic, unbilled
from billing.models import TrafficEvidence, UnbilledUse
from config import clock
from config.database import db

# Of each rule so many are named; the count says how many there are.
MOST = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not add up."""

    rule: str
    sentence: str


# Each gives rows (id, what stands, what should stand).
_RULES: dict[str, str] = {
    "charge {id}: {stands} lines of its invoice hold it, not {should}": """
        SELECT c.id, count(l.id) AS stands, 1 AS should FROM charge c
        LEFT JOIN invoice_line l ON l.charge_id = c.id AND l.invoice_id = c.invoice_id
        WHERE c.invoice_id IS NOT NULL GROUP BY c.id HAVING count(l.id) <> 1""",
    "charge {id}: invoice {stands} holds a line for it that is not void, and it belongs to "
    "{should}": """
        SELECT c.id, i.id AS stands, coalesce(c.invoice_id, 0) AS should FROM invoice_line l
        JOIN invoice i ON i.id = l.invoice_id JOIN charge c ON c.id = l.charge_id
        WHERE i.status <> 'void' AND c.invoice_id IS DISTINCT FROM i.id""",
    "charge {id}: {stands} is invoiced and {should} was charged": """
        SELECT c.id, CASE WHEN c.tax_inclusive THEN l.net_minor + l.vat_minor ELSE l.net_minor END
            AS stands, c.amount_minor AS should
        FROM charge c JOIN invoice_line l ON l.charge_id = c.id AND l.invoice_id = c.invoice_id
        WHERE c.amount_minor <>
            CASE WHEN c.tax_inclusive THEN l.net_minor + l.vat_minor ELSE l.net_minor END""",
    "charge {id}: void invoice {stands} still holds it": """
        SELECT c.id, i.id AS stands, 0 AS should FROM charge c
        JOIN invoice i ON i.id = c.invoice_id WHERE i.status = 'void'""",
    "invoice {id}: its total is {stands} and its lines add up to {should}": """
        SELECT i.id, i.total_minor AS stands, coalesce(sum(l.net_minor + l.vat_minor), 0) AS should
        FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id GROUP BY i.id
        HAVING i.total_minor <> coalesce(sum(l.net_minor + l.vat_minor), 0)
            OR i.net_minor <> coalesce(sum(l.net_minor), 0)""",
    "invoice {id}: {stands} counts as paid and allocations add up to {should}": """
        SELECT id, stands, should FROM (SELECT i.id, i.paid_minor AS stands,
            coalesce((SELECT sum(amount_minor) FROM allocation
                WHERE invoice_id = i.id AND released_at IS NULL), 0) AS should FROM invoice i) s
        WHERE stands <> should""",
    "invoice {id}: {stands} counts as credited and credit notes add up to {should}": """
        SELECT id, stands, should FROM (SELECT i.id, i.credited_minor AS stands, coalesce((
            SELECT sum(total_minor) FROM credit_note WHERE invoice_id = i.id), 0) AS should
            FROM invoice i) s WHERE stands <> should""",
    "invoice line {id}: {stands} counts as credited and credit notes add up to {should}": """
        SELECT id, stands, should FROM (SELECT l.id, l.credited_minor AS stands, coalesce((
            SELECT sum(net_minor + vat_minor) FROM credit_note_line WHERE invoice_line_id = l.id),
            0) AS should FROM invoice_line l) s WHERE stands <> should""",
    "credit note {id}: its total is {stands} and its lines add up to {should}": """
        SELECT n.id, n.total_minor AS stands, coalesce(sum(l.net_minor + l.vat_minor), 0) AS should
        FROM credit_note n LEFT JOIN credit_note_line l ON l.credit_note_id = n.id GROUP BY n.id
        HAVING n.total_minor <> coalesce(sum(l.net_minor + l.vat_minor), 0)""",
    "payment {id}: {stands} counts as allocated and allocations add up to {should}": """
        SELECT id, stands, should FROM (SELECT p.id, p.allocated_minor AS stands,
            coalesce((SELECT sum(amount_minor) FROM allocation
                WHERE payment_id = p.id AND released_at IS NULL), 0) AS should FROM payment p) s
        WHERE stands <> should""",
    "payment {id}: {stands} counts as refunded and refunds add up to {should}": """
        SELECT id, stands, should FROM (SELECT p.id, p.refunded_minor AS stands, coalesce((
            SELECT sum(amount_minor) FROM refund WHERE payment_id = p.id AND status <> 'failed'),
            0) AS should FROM payment p) s WHERE stands <> should""",
    "bank match {id}: its payment is {stands} and the bank booked {should}": """
        SELECT m.id, p.amount_minor AS stands, e.amount_minor AS should FROM bank_match m
        JOIN payment p ON p.id = m.payment_id JOIN bank_entry e ON e.id = m.entry_id
        WHERE m.undone_at IS NULL AND p.amount_minor <> e.amount_minor""",
    "invoice {id}: its snapshot says {stands} and its total is {should}": """
        SELECT id, (snapshot->>'total')::bigint AS stands, total_minor AS should FROM invoice
        WHERE snapshot IS NOT NULL AND ((snapshot->>'total')::bigint <> total_minor
            OR (snapshot->>'net')::bigint <> net_minor)""",
    "credit note {id}: its snapshot says {stands} and its total is {should}": """
        SELECT id, (snapshot->>'total')::bigint AS stands, total_minor AS should FROM credit_note
        WHERE (snapshot->>'total')::bigint <> total_minor""",
    "invoice {id}: {stands} was written off and the approved proposal says {should}": """
        SELECT i.id, coalesce(i.written_off_minor, 0) AS stands, w.amount_minor AS should
        FROM invoice i JOIN (SELECT DISTINCT ON (invoice_id) invoice_id, amount_minor
            FROM write_off WHERE status = 'approved' ORDER BY invoice_id, id DESC) w
            ON w.invoice_id = i.id
        WHERE i.status IN ('uncollectible', 'paid')
            AND i.written_off_minor IS DISTINCT FROM w.amount_minor""",
}
_NUMBERED = """
    SELECT symbol, year, count(*) AS stands, max(number) AS highest,
        max((SELECT last FROM number_counter c WHERE c.symbol = n.symbol AND c.year = n.year))
    FROM (SELECT symbol, year, number FROM invoice WHERE number IS NOT NULL
        UNION ALL SELECT symbol, year, number FROM credit_note
        UNION ALL SELECT symbol, year, number FROM error_notice
        UNION ALL SELECT symbol, year, number FROM payment WHERE number IS NOT NULL) n
    GROUP BY symbol, year ORDER BY symbol, year"""


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums that must meet, in đồng."""

    charges: int
    invoiced: int
    unbilled: int
    received: int
    allocated: int
    refunded: int
    balances: int

    @property
    def meet(self) -> bool:
        """Whether both equations hold."""
        return (
            self.charges == self.invoiced + self.unbilled
            and self.received == self.allocated + self.refunded + self.balances
        )


_SUMS = """SELECT
    (SELECT coalesce(sum(amount_minor), 0) FROM charge WHERE reversed_at IS NULL),
    (SELECT coalesce(sum(c.amount_minor), 0) FROM charge c JOIN invoice_line l
        ON l.charge_id = c.id AND l.invoice_id = c.invoice_id WHERE c.reversed_at IS NULL),
    (SELECT coalesce(sum(amount_minor), 0) FROM charge
        WHERE reversed_at IS NULL AND invoice_id IS NULL),
    (SELECT coalesce(sum(amount_minor), 0) FROM payment WHERE reversed_at IS NULL),
    (SELECT coalesce(sum(amount_minor), 0) FROM allocation WHERE released_at IS NULL),
    (SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE status <> 'failed'),
    (SELECT coalesce(sum(amount_minor - allocated_minor - refunded_minor), 0) FROM payment
        WHERE reversed_at IS NULL)"""


def sums() -> Sums:
    """What all charges and payments come to, and where they went."""
    return Sums(*(int(one) for one in db.session.execute(sa.text(_SUMS)).one()))


def differences() -> list[Difference]:
    """Everything that does not add up, named by id; nothing where all of it does."""
    found = [*_broken_rules(), *gaps(), *_broken_seals(), *_broken_sums()]
    # A journal is drawn from rows that fit together.
    return found or list(_broken_books())


def _broken_rules() -> Iterator[Difference]:
    for sentence, query in _RULES.items():
        rule = sentence.partition(" {")[0]
        rows = db.session.execute(sa.text(f"{query} ORDER BY 1")).all()
        for one, stands, should in rows[:MOST]:
            yield Difference(rule, sentence.format(id=one, stands=stands, should=should))
        if len(rows) > MOST:
            yield Difference(rule, f"{rule}: {len(rows) - MOST} more like it")


def gaps() -> Iterator[Difference]:
    """The number series in which a number is missing, or was taken twice or by nobody."""
    for symbol, year, stands, highest, last in db.session.execute(sa.text(_NUMBERED)):
        if not stands == highest == last:
            yield Difference(
                "number",
                f"number series {symbol} of {year}: {stands} numbers are used, the highest is "
                f"{highest} and the counter stands at {last}",
            )


def _broken_seals() -> Iterator[Difference]:
    for evidence in db.session.scalars(sa.select(TrafficEvidence).order_by(TrafficEvidence.id)):
        for sentence in traffic.verify(evidence):
            yield Difference("traffic evidence", sentence)

    for use in db.session.scalars(sa.select(UnbilledUse).order_by(UnbilledUse.id)):
        for sentence in unbilled.verify(use):
            yield Difference("unbilled use", sentence)


def _broken_sums() -> Iterator[Difference]:
    found = sums()
    if not found.meet:
        yield Difference("sums", f"the sums do not meet: {found}")


def _broken_books() -> Iterator[Difference]:
    this = closing.month_of(clock.today())
    for first in (closing.month_of(this - timedelta(days=1)), this):
        yield from books_of(first)


def books_of(first: date) -> Iterator[Difference]:
    """Where the journal of a month and its reports of revenue and deferred revenue part."""
    chart = bookkeeping.accounts()
    found = bookkeeping.entries(first, chart)
    posted: dict[str, int] = {}
    for posting in (one for entry in found for one in entry.postings):
        posted[posting.account] = posted.get(posting.account, 0) - posting.minor
    before = closing.month_of(first - timedelta(days=1))
    moved = month_reports.deferred(first) - month_reports.deferred(before)
    earned = sum(net for _service, net in month_reports.by_service(first))
    for name, stands, should in (
        ("deferred revenue", posted.get(chart.deferred, 0), moved.minor),
        ("revenue", sum(posted.get(one, 0) for one in set(chart.revenue.values())), earned),
    ):
        if stands != should:
            yield Difference(
                "books", f"{name} of {first:%m/%Y}: the journal says {stands}, the report {should}"
            )
    for entry in found:
        if not entry.balances:
            yield Difference("books", f"the entry {entry.code} of {entry.day} does not balance")
