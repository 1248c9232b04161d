"""What following up costs beside a long history: `python -m benchmarks.following [INVOICES]`.

200 units, so many invoices (100 000 unless given) over two years: nine of ten are paid, the last
tenth is open, and most of that overdue. Every question is asked 20 times; the round of reminders
runs once over all that is due.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from billing import ageing, months, statements, stops, worklist
from billing.models import Reminder
from config import clock, embedded
from config.database import db, transaction
from config.settings import Settings
from portal import reminder_notices, schema
from portal.app import create_app
from rental.models import Unit

UNITS, ROUNDS = 200, 20

SEED = """
INSERT INTO unit (slug, name, unit_class, is_centre)
SELECT 'u' || n, 'Đơn vị ' || n, 'other', false FROM generate_series(1, :units) n;
INSERT INTO member (unit_id, email, name, role, locale, is_active, session_epoch)
SELECT id, slug || '@example.com', 'Người ' || slug, 'head', 'vi', true, 0 FROM unit;
INSERT INTO invoice (
    reference, unit_id, status, symbol, year, number, drafted_at, issued_at, tax_date, due_on,
    currency, net_minor, vat_minor, total_minor, paid_minor, credited_minor, snapshot)
SELECT 'IV-' || lpad(n::text, 8, '0'), 1 + n % :units,
    CASE WHEN n % 10 = 0 THEN 'open' ELSE 'paid' END, '1C26TMC', 2026, n, at, at, at::date,
    at::date + 15, 'VND', 1000000, 80000, 1080000,
    CASE WHEN n % 10 = 0 THEN 0 ELSE 1080000 END, 0,
    '{"seller": {"bank": {"name": "B", "account": "1", "holder": "H", "bin": "970403"}}}'
FROM (SELECT n, now() - n * interval '730 days' / :invoices - interval '2 days' AS at
      FROM generate_series(1, :invoices) n) dated;
INSERT INTO payment (
    unit_id, invoice_id, method, amount_minor, allocated_minor, refunded_minor, currency,
    reference, received_at, recorded_at)
SELECT unit_id, id, 'transfer', 1080000, 1080000, 0, 'VND', 'FT' || id,
    least(now(), issued_at + interval '20 days'), now() FROM invoice WHERE status = 'paid';
INSERT INTO allocation (payment_id, invoice_id, amount_minor, allocated_at)
SELECT id, invoice_id, amount_minor, received_at FROM payment
"""


def timed(name: str, ask: Callable[[], object]) -> None:
    """Print the median and the 95th percentile of a question, in milliseconds."""
    spans = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        spans.append((time.perf_counter() - begun) * 1000)
        db.session.rollback()
    spans.sort()
    print(f"| {name} | {statistics.median(spans):.1f} | {spans[int(ROUNDS * 0.95) - 1]:.1f} |")


def seed(invoices: int) -> None:
    """Fill the tables by SQL alone."""
    with transaction():
        for statement in SEED.split(";"):
            db.session.execute(sa.text(statement), {"units": UNITS, "invoices": invoices})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        link.execute(sa.text("ANALYZE"))


def reminded() -> int:
    """One round over everything that is due; how many invoices."""
    count = 0
    while True:
        with transaction():
            batch = reminder_notices.remind_due(50)
        if not batch:
            return count
        count += batch


def ask_all() -> None:
    """Every question of the pages, and the one with each booking."""
    unit = db.session.scalars(sa.select(Unit).limit(1)).one()
    today = clock.today()
    slug = unit.slug
    print("| question | median ms | p95 ms |\n|---|---|---|")
    timed("may this unit book? (with each request)", lambda: stops.arrears_of([1]))
    timed("ageing of all units", ageing.by_unit)
    before = today.replace(day=1) - timedelta(days=1)
    timed("ageing at the end of last month", lambda: ageing.by_unit(before))
    timed(
        "statement of one unit, a year",
        lambda: statements.of(
            db.session.scalars(sa.select(Unit).filter_by(slug=slug)).one(),
            today - timedelta(days=365),
            today,
        ),
    )
    timed("work list", lambda: [ask() for ask in PILES])
    timed("first overdue", worklist.first_overdue)
    timed("twelve months", months.latest)


PILES = (
    worklist.overdue,
    worklist.to_invoice,
    worklist.drafts,
    worklist.disputed,
    worklist.refunds_due,
    worklist.proposals,
    worklist.traffic,
    worklist.write_offs,
)


def main() -> None:
    """Seed, ask, remind, and print."""
    invoices = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as place, embedded.serve(Path(place) / "data") as url:
        engine = sa.create_engine(url)
        with engine.begin() as link:
            schema.upgrade_on(link)
        engine.dispose()
        settings = Settings(database_url=url, data=Path(place), log_level="ERROR")
        with create_app(settings).app_context():
            seed(invoices)
            print(f"{invoices} invoices, {UNITS} units\n")
            ask_all()
            begun = time.perf_counter()
            count = reminded()
            spent = time.perf_counter() - begun
            written = db.session.scalar(sa.select(sa.func.count(Reminder.id)))
            print(f"\nreminded of {count} invoices ({written} rows) in {spent:.1f} s")
            timed("a round with nothing left", reminded)


if __name__ == "__main__":
    main()
