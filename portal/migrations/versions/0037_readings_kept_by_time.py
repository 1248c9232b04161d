"""Readings kept by time, and their roll-ups.

The table becomes partitioned without a row being written anew: what is there becomes one partition
of the new table. It is read once, to see that nothing in it is of a later time; that takes about as
long as the disk needs to read it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# By the index of each device, where max(at) would read the whole table.
LAST = """
SELECT greatest(max(last.at), now()) AT TIME ZONE 'UTC' FROM device
LEFT JOIN LATERAL (SELECT at FROM reading_before WHERE device_id = device.id
                   ORDER BY at DESC LIMIT 1) AS last ON true
"""
KEYS = """
ALTER TABLE reading ADD CONSTRAINT pk_reading PRIMARY KEY (device_id, at),
    ADD CONSTRAINT fk_reading_device_id_device FOREIGN KEY (device_id) REFERENCES device (id)
        ON DELETE CASCADE,
    ADD CONSTRAINT fk_reading_layout_id_layout FOREIGN KEY (layout_id) REFERENCES layout (id)
"""
# Statements, because partitions are made of the table as it stands in the catalogue.
ROLLUPS = """
CREATE TABLE rollup_progress (
    level varchar(24) CONSTRAINT pk_rollup_progress PRIMARY KEY,
    rolled_until timestamptz NOT NULL
);
CREATE TABLE rollup_five_minutes (
    device_id integer NOT NULL
        CONSTRAINT fk_rollup_five_minutes_device_id_device REFERENCES device (id) ON DELETE CASCADE,
    starts_at timestamptz NOT NULL,
    layout_id integer NOT NULL
        CONSTRAINT fk_rollup_five_minutes_layout_id_layout REFERENCES layout (id),
    polls integer NOT NULL,
    stats real[] NOT NULL,
    last_at timestamptz NOT NULL,
    uptime_seconds double precision,
    counters double precision[] NOT NULL,
    CONSTRAINT pk_rollup_five_minutes PRIMARY KEY (device_id, starts_at, layout_id)
) PARTITION BY RANGE (starts_at);
CREATE TABLE rollup_five_minutes_pdefault PARTITION OF rollup_five_minutes DEFAULT;
CREATE TABLE rollup_hour (
    device_id integer NOT NULL
        CONSTRAINT fk_rollup_hour_device_id_device REFERENCES device (id) ON DELETE CASCADE,
    starts_at timestamptz NOT NULL,
    layout_id integer NOT NULL
        CONSTRAINT fk_rollup_hour_layout_id_layout REFERENCES layout (id),
    polls integer NOT NULL,
    stats real[] NOT NULL,
    CONSTRAINT pk_rollup_hour PRIMARY KEY (device_id, starts_at, layout_id)
) PARTITION BY RANGE (starts_at);
CREATE TABLE rollup_hour_pdefault PARTITION OF rollup_hour DEFAULT;
"""


def upgrade() -> None:
    """Apply it."""
    link = op.get_bind()
    op.execute("ALTER TABLE reading RENAME TO reading_before")
    op.execute("ALTER TABLE reading_before RENAME CONSTRAINT pk_reading TO pk_reading_before")
    op.execute("CREATE TABLE reading (LIKE reading_before) PARTITION BY RANGE (at)")
    op.execute(KEYS)
    if link.scalar(sa.text("SELECT EXISTS (SELECT FROM reading_before)")):
        last = link.scalar(sa.text(f"SELECT date_trunc('day', ({LAST})) + interval '1 day'"))
        name = f"reading_p00010101_{last:%Y%m%d}"
        op.execute(f'ALTER TABLE reading_before RENAME TO "{name}"')
        op.execute(
            f'ALTER TABLE reading ATTACH PARTITION "{name}"'
            f" FOR VALUES FROM (MINVALUE) TO ('{last:%Y-%m-%d}T00:00:00+00:00')"
        )
    else:
        op.execute("DROP TABLE reading_before")
    op.execute("CREATE TABLE reading_pdefault PARTITION OF reading DEFAULT")
    op.execute(ROLLUPS)


def downgrade() -> None:
    """Take it back: here every row is written anew."""
    for table in ("rollup_hour", "rollup_five_minutes", "rollup_progress"):
        op.drop_table(table)
    op.execute("ALTER TABLE reading RENAME TO reading_parted")
    op.execute("ALTER TABLE reading_parted RENAME CONSTRAINT pk_reading TO pk_reading_parted")
    op.execute("CREATE TABLE reading (LIKE reading_parted)")
    op.execute("INSERT INTO reading SELECT * FROM reading_parted")
    op.execute("DROP TABLE reading_parted")
    op.execute(KEYS)
