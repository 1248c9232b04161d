"""A database to measure on: 200 halls and 100 000 bookings over one year."""

import psycopg
import sqlalchemy as sa

from config.database import db, transaction
from config.settings import Settings
from portal import schema, tokens
from portal.app import create_app
from rental.models import Member, Resource, ResourceKind, Role, Site, Unit

HALLS = 200
# Those who ask: so many that nobody reaches the quota of hall hours in a week.
UNITS = 400
BOOKINGS = 100_000
# 500 a hall, two hours each: one every 17.5 hours of a year, at another time in every hall.
YEAR = "2030-01-01T00:00:00+07:00"

BOOKED = f"""
SET session_replication_role = replica;
INSERT INTO booking (reference, unit_id, member_id, title, event_kind, organiser, status,
                     starts_at, ends_at, requested_at)
SELECT 'BS-' || lpad(n::text, 8, '0'), u.id, m.id, 'Họp báo ' || n, 'conference', 'domestic',
       'confirmed', begins, begins + interval '2 hours', now()
FROM generate_series(0, {BOOKINGS - 1}) AS n,
     LATERAL (SELECT timestamptz '{YEAR}' + (n / {HALLS}) * interval '17.5 hours'
                     + (n % {HALLS}) * interval '5 minutes' AS begins) AS spread,
     (SELECT id FROM unit WHERE slug = 'unit-a') AS u,
     (SELECT id FROM member WHERE email = 'member@unit-a.example') AS m;
INSERT INTO line (booking_id, resource_id, quantity, starts_at, ends_at)
SELECT b.id, r.id, 1, b.starts_at, b.ends_at
FROM booking b JOIN resource r
  ON r.code = 'H' || (100 + substr(b.reference, 4)::integer % {HALLS})::text;
INSERT INTO occupancy (resource_id, line_id, quantity, during)
SELECT resource_id, id, 1, tstzrange(starts_at, ends_at + interval '30 minutes') FROM line;
SET session_replication_role = DEFAULT;
"""


def fill(database_url: str, settings: Settings) -> list[str]:
    """Make and fill the database; tokens of members of different units, who ask."""
    app = create_app(settings)
    schema.upgrade(app)
    with app.app_context(), transaction():
        site = Site(slug="hcmc", name="Centre")
        units = [Unit(slug="unit-a", name="Unit A")]
        units += [Unit(slug=f"unit-{n}", name=f"Unit {n}") for n in range(1, UNITS)]
        members = [
            Member(
                unit=unit, email=f"member@{unit.slug}.example", name="Member", role=Role.MEMBER
            )
            for unit in units
        ]  # fmt: skip
        halls = [
            Resource(
                site=site, kind=ResourceKind.HALL, code=f"H{100 + number}", name=f"Hall {number}",
                seats=20 + number, turnaround_after_minutes=30,
            )
            for number in range(HALLS)
        ]  # fmt: skip
        db.session.add_all([*members, *halls])
        db.session.flush()
        issued = [tokens.issue(member) for member in members]
    with app.app_context():
        db.engine.dispose()
    with psycopg.connect(plain(database_url), autocommit=True) as link:
        for statement in BOOKED.split(";"):
            if statement.strip():
                link.execute(statement)
        link.execute("VACUUM ANALYZE")
    return issued


def plain(database_url: str) -> str:
    """The address as psycopg reads it."""
    return sa.make_url(database_url).set(drivername="postgresql").render_as_string(False)
