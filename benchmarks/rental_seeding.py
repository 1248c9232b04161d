"""A database to measure growth on: 1 000 resources, 10 000 members, up to 500 000 bookings.

Every resource has one booking a day, from ten days ahead backwards: more bookings are a longer
history, and the days that are looked at stay as full as they were.
"""

import psycopg

from benchmarks.seeding import plain
from config.database import db, transaction
from config.settings import Settings
from portal import passwords, schema, tokens
from portal.app import create_app
from rental.models import Member, Role, Site, Unit

HALLS, POOLS, CIRCUITS = 600, 300, 100
RESOURCES = HALLS + POOLS + CIRCUITS
UNITS, MEMBERS = 500, 10_000
# Who signs in: somebody of a unit with its share of the bookings, and the desk.
MEMBER, DESK = "member-1@example.com", "desk@centre.example"
PASSWORD = "một mật khẩu đủ dài"
# The newest booking lies so many days ahead.
AHEAD = 10

# Every twentieth pool is a kit of the two pools before it.
CATALOGUE = f"""
INSERT INTO unit (slug, name, unit_class, is_centre)
SELECT 'unit-' || n, 'Đơn vị ' || n, 'other', false FROM generate_series(1, {UNITS}) AS n;
INSERT INTO member (unit_id, email, name, role, locale, is_active, session_epoch)
SELECT u.id, 'member-' || n || '@example.com', 'Thành viên ' || n, 'member', 'vi', true, 0
FROM generate_series(1, {MEMBERS}) AS n
JOIN unit u ON u.slug = 'unit-' || (1 + n % {UNITS});
INSERT INTO resource (site_id, kind, code, name, category, stock, turnaround_before_minutes,
                      turnaround_after_minutes, seats, mbps, is_retired)
SELECT s.id, kind, code, name, category, stock, 0, turnaround, seats, mbps, false
FROM (SELECT id FROM site WHERE slug = 'centre') AS s, (
    SELECT 'hall' AS kind, 'H' || n AS code, 'Hội trường ' || n AS name, NULL AS category,
           1 AS stock, 30 AS turnaround, 20 + n % 500 AS seats, NULL::integer AS mbps
    FROM generate_series(1, {HALLS}) AS n
    UNION ALL
    SELECT 'equipment', 'P' || n, 'Thiết bị ' || n, 'loại ' || n % 30, 20, 0, NULL, NULL
    FROM generate_series(1, {POOLS}) AS n
    UNION ALL
    SELECT 'circuit', 'C' || n, 'Đường truyền ' || n, NULL, 1, 0, NULL, 100
    FROM generate_series(1, {CIRCUITS}) AS n
) AS wanted;
INSERT INTO part (whole_id, part_id, quantity)
SELECT w.id, p.id, 2 FROM generate_series(20, {POOLS}, 20) AS n
JOIN resource w ON w.code = 'P' || n JOIN resource p ON p.code IN ('P' || n - 1, 'P' || n - 2);
"""

# Booking n: resource n % 1 000, day n / 1 000 before the newest, two hours between 07:00 and 20:00.
BOOKED = f"""
SET session_replication_role = replica;
INSERT INTO booking (reference, unit_id, member_id, title, event_kind, organiser, status,
                     starts_at, ends_at, requested_at, expires_at, revision, changed_at, is_public)
SELECT 'BS-' || lpad(n::text, 8, '0'), m.unit_id, m.id, 'Họp báo ' || n, 'conference', 'domestic',
       CASE WHEN begins < now() THEN 'returned' WHEN n % 10 = 0 THEN 'requested'
            ELSE 'confirmed' END,
       begins, begins + interval '2 hours', begins - interval '20 days',
       begins, 0, now(), false
FROM generate_series(FIRST, LAST) AS n
CROSS JOIN LATERAL (
    SELECT (date_trunc('day', now() AT TIME ZONE 'Asia/Ho_Chi_Minh')
            + ({AHEAD} - n / {RESOURCES}) * interval '1 day'
            + interval '7 hours' + (n * 7 % 132) * interval '5 minutes')
           AT TIME ZONE 'Asia/Ho_Chi_Minh' AS begins
) AS spread
JOIN member m ON m.email = 'member-' || (1 + n * 31 % {MEMBERS}) || '@example.com';
INSERT INTO line (booking_id, resource_id, quantity, starts_at, ends_at)
SELECT b.id, r.id, CASE r.kind WHEN 'equipment' THEN 3 ELSE 1 END, b.starts_at, b.ends_at
FROM (SELECT *, substr(reference, 4)::integer % {RESOURCES} AS number FROM booking
      WHERE reference BETWEEN 'BS-' || lpad(FIRST::text, 8, '0')
                          AND 'BS-' || lpad(LAST::text, 8, '0')) AS b
JOIN resource r ON r.code = CASE
    WHEN b.number < {HALLS} THEN 'H' || b.number + 1
    WHEN b.number < {HALLS + POOLS} THEN 'P' || b.number - {HALLS} + 1
    ELSE 'C' || b.number - {HALLS + POOLS} + 1 END;
INSERT INTO occupancy (resource_id, line_id, quantity, during)
SELECT l.resource_id, l.id, l.quantity,
       tstzrange(l.starts_at, l.ends_at + r.turnaround_after_minutes * interval '1 minute')
FROM line l JOIN resource r ON r.id = l.resource_id
WHERE l.id > (SELECT coalesce(max(line_id), 0) FROM occupancy);
INSERT INTO journal_entry (subject, subject_id, verb, member_id, at, details)
SELECT 'booking', b.id, 'requested', b.member_id, b.requested_at, '{{}}'
FROM booking b WHERE b.reference BETWEEN 'BS-' || lpad(FIRST::text, 8, '0')
                                     AND 'BS-' || lpad(LAST::text, 8, '0');
SET session_replication_role = DEFAULT;
"""


def catalogue(database_url: str, settings: Settings) -> dict[str, str]:
    """Make the database with everything but bookings; tokens of a renter and of the desk."""
    app = create_app(settings)
    schema.upgrade(app)
    with app.app_context(), transaction():
        site = Site(slug="centre", name="Centre")
        centre = Unit(slug="centre-unit", name="Trung tâm", is_centre=True)
        unit = Unit(slug="unit-a", name="Unit A")
        people = {
            "member": Member(unit=unit, email="a@unit-a.example", name="A", role=Role.MEMBER),
            "desk": Member(unit=centre, email=DESK, name="D", role=Role.DESK),
        }
        db.session.add_all([site, *people.values()])
        db.session.flush()
        found = {who: tokens.issue(member) for who, member in people.items()}
    with app.app_context():
        db.engine.dispose()
    with psycopg.connect(plain(database_url), autocommit=True) as link:
        for statement in CATALOGUE.split(";"):
            if statement.strip():
                link.execute(statement)
        link.execute(
            "UPDATE member SET password_hash = %s WHERE email IN (%s, %s)",
            (passwords.hash_password(PASSWORD), MEMBER, DESK),
        )
    return found


def book(database_url: str, first: int, last: int) -> None:
    """Write the bookings numbered `first` to `last`, guards asleep, and bring statistics up."""
    text = BOOKED.replace("FIRST", str(first)).replace("LAST", str(last))
    with psycopg.connect(plain(database_url), autocommit=True) as link:
        for statement in text.split(";"):
            if statement.strip():
                link.execute(statement)
        link.execute("VACUUM ANALYZE")
