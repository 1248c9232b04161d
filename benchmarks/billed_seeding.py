"""Bookings that are over and charged, nothing of them invoiced: eight lines in three VAT groups."""

from pathlib import Path

import psycopg

from benchmarks.seeding import plain
from config.database import db
from config.settings import Settings
from portal import schema
from portal.app import create_app

LINES = 8
UNITS = 400
DAYS_AGO = 3

# Of eight lines a hall and four pieces of equipment bear 8 %, two circuits 10 %, and money for a
# loss is not declared. Every other price has the tax in it.
CHARGED = f"""
SET session_replication_role = replica;
INSERT INTO unit (slug, name, unit_class, is_centre, tax_code, address, invoice_email)
SELECT 'unit-' || n, 'Báo Sự Kiện ' || n, 'other', false, '0100109106',
       'Số ' || n || ' Trần Hưng Đạo', 'unit-' || n || '@example.com'
FROM generate_series(1, UNITS) AS n;
INSERT INTO member (unit_id, email, name, role, locale, is_active, session_epoch)
SELECT id, slug || '@example.com', 'Thành viên', 'member', 'vi', true, 0 FROM unit;
INSERT INTO site (slug, name, zone) VALUES ('centre', 'Trung tâm', 'Asia/Ho_Chi_Minh');
INSERT INTO resource (site_id, kind, code, name, stock, turnaround_before_minutes,
                      turnaround_after_minutes, seats, is_retired)
SELECT id, 'hall', 'H1', 'Hội trường', 1, 0, 0, 100, false FROM site;
INSERT INTO booking (reference, unit_id, member_id, title, event_kind, organiser, status,
                     starts_at, ends_at, requested_at, expires_at, revision, changed_at, is_public)
SELECT 'BS-' || lpad(n::text, 8, '0'), m.unit_id, m.id, 'Họp báo ' || n, 'conference', 'domestic',
       'returned', now() - interval '{DAYS_AGO} days 4 hours', now() - interval '{DAYS_AGO} days',
       now() - interval '20 days', now(), 0, now(), false
FROM generate_series(1, BOOKINGS) AS n
JOIN member m ON m.email = 'unit-' || (1 + n % UNITS) || '@example.com';
INSERT INTO line (booking_id, resource_id, quantity, starts_at, ends_at)
SELECT b.id, r.id, 1, b.starts_at, b.ends_at
FROM booking b, resource r, generate_series(1, {LINES}) ORDER BY b.id;
INSERT INTO charge (unit_id, booking_id, line_id, kind, description, description_en, explanation,
                    explanation_en, measure, quantity, unit_price_minor, amount_minor, currency,
                    tax_inclusive, service, vat_code, starts_at, ends_at, added_at)
SELECT b.unit_id, b.id, l.id, 'rental', 'Hội trường lớn, buổi sáng', 'Large hall, morning',
       '1 buổi × 9.000.000 đ', '1 session × 9,000,000 đ', 'session', 1,
       1000000 + l.id % 977 * 1003, 1000000 + l.id % 977 * 1003, 'VND', l.id % 2 = 0,
       CASE WHEN l.id % 8 < 5 THEN 'equipment_hire' WHEN l.id % 8 < 7 THEN 'telecom'
            ELSE 'compensation' END,
       '8', b.starts_at, b.ends_at, now()
FROM line l JOIN booking b ON b.id = l.booking_id ORDER BY l.id;
SET session_replication_role = DEFAULT;
"""


def fill(url: str, data: Path, bookings: int, units: int = UNITS) -> None:
    """Make the database and write so many bookings with their charges, by SQL alone."""
    app = create_app(Settings(database_url=url, data=data, log_level="ERROR"))
    with app.app_context():
        schema.upgrade(app)
        db.engine.dispose()
    text = CHARGED.replace("BOOKINGS", str(bookings)).replace("UNITS", str(units))
    with psycopg.connect(plain(url), autocommit=True) as link:
        for statement in text.split(";"):
            if statement.strip():
                link.execute(statement)
        link.execute("VACUUM ANALYZE")
