"""`doctor`: looks at everything an installation needs and says what is missing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import psycopg
from flask import Flask

from billing import reconciling
from billing.einvoice import adapters, overview
from config import clock
from config.database import db
from config.errors import Refusal
from config.settings import Settings
from monitoring import config_backups, partitions, policy
from portal import jobs, keys, mail, sealed_rows, shape
from portal.app import create_app
from portal.cli import options
from portal.cli.attached import with_database

HOME = Path(__file__).parents[1]
LEAST_FREE_MEGABYTES = 500
OLDEST_POSTGRES = 140_000
MISSING_NAMED = 5

Finding = tuple[bool, str]


def _database(settings: Settings) -> Finding:
    with psycopg.connect(jobs.libpq_url(settings), connect_timeout=5) as link:
        version = link.info.server_version
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    return version >= OLDEST_POSTGRES, f"{shown} answers; 14 or later is needed"


def _schema(app: Flask) -> Finding:
    with app.app_context():
        current = shape.is_current()
    return current, "the schema is current" if current else "run `media-center upgrade`"


def _worker(settings: Settings) -> Finding:
    with psycopg.connect(jobs.libpq_url(settings), connect_timeout=5) as link:
        row = link.execute(
            "SELECT count(*) FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s)",
            (jobs.DEAD_AFTER_SECONDS,),
        ).fetchone()
    count = row[0] if row else 0
    return count > 0, f"{count} workers are running"


def _keys(settings: Settings, app: Flask) -> Finding:
    keys.secret_key(settings)
    keyring = keys.keyring(settings)
    with app.app_context():
        locked = []
        if shape.is_current():
            locked = sealed_rows.locked(keyring)
    if locked:
        return False, f"the credential key is not the one that seals: {'; '.join(locked)}"
    return True, "session key and credential key can be read"


def _space(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free // 2**20
    return free > LEAST_FREE_MEGABYTES, f"{free} MB free in {settings.data}"


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return True, "no MEDIA_CENTER_SMTP_URL: notices stay queued"
    with mail.connected(mail.mail_server(settings.smtp_url.get_secret_value())):
        return True, "the mail server answers"


def _front_end() -> Finding:
    built = (HOME / "static" / "dist" / "manifest.json").exists()
    return built, "the front end is built" if built else "build the front end: `make setup`"


def _policies() -> Finding:
    return True, f"{len(list(policy.load()))} policy rules can be read"


def _ledger(app: Flask) -> Finding:
    with app.app_context():
        if not shape.is_current():
            return False, "cannot be read before `media-center upgrade`"
        found = reconciling.differences()
        sums = reconciling.sums()
    if found:
        return False, "; ".join(one.sentence for one in found)
    return True, (
        f"charges {sums.charges} = invoiced {sums.invoiced} + unbilled {sums.unbilled}; payments "
        f"{sums.received} = allocated {sums.allocated} + refunded {sums.refunded} + balances "
        f"{sums.balances}"
    )


def _backups(app: Flask) -> Finding:
    with app.app_context():
        if not shape.is_current():
            return False, "cannot be read before `media-center upgrade`"
        late = config_backups.late(clock.now())
        db.session.rollback()
    if late:
        named = ", ".join(late[:MISSING_NAMED]) + " …" * (len(late) > MISSING_NAMED)
        return False, (
            f"{len(late)} devices have no backup of their configuration from the last day "
            f"({named}); see their pages for why"
        )
    return True, "no configuration waits longer than a day for its backup"


def _einvoices(settings: Settings, app: Flask) -> Finding:
    provider = adapters.provider(settings)
    with app.app_context():
        if not shape.is_current():
            return False, "cannot be read before `media-center upgrade`"
        missing = [str(document.display_number) for document in overview.missing()]
        failing = overview.count_failing()
    if missing:
        named = ", ".join(missing[:MISSING_NAMED]) + " …" * (len(missing) > MISSING_NAMED)
        return False, (
            f"{len(missing)} issued documents have no e-invoice record ({named}); run "
            "`media-center einvoices --queue-missing`"
        )
    if failing:
        return False, f"{failing} documents wait with an error; see /einvoices"
    return True, f"the provider is {provider.name}; every issued document has its record"


def _readings(app: Flask) -> Finding:
    with app.app_context():
        if not shape.is_current():
            return False, "cannot be read before `media-center upgrade`"
        ready = partitions.of(partitions.READINGS)
        strays = sum(map(partitions.count_strays, partitions.ALL))
        db.session.rollback()
    if strays:
        return False, (
            f"{strays} rows are of a time for which there is no partition: look at the clocks"
            " of the machines that poll, and whether a worker runs"
        )
    if ready and ready[-1].until <= clock.now():
        return False, "no partition of readings stands ready: a worker makes them hourly"
    return True, f"readings stand in {len(ready)} partitions"


def examinations(settings: Settings, app: Flask) -> Iterator[tuple[str, Callable[[], Finding]]]:
    """What is looked at, by name."""
    yield "database", lambda: _database(settings)
    yield "schema", lambda: _schema(app)
    yield "worker", lambda: _worker(settings)
    yield "keys", lambda: _keys(settings, app)
    yield "space", lambda: _space(settings)
    yield "mail", lambda: _mail(settings)
    yield "front end", _front_end
    yield "policies", _policies
    yield "readings", lambda: _readings(app)
    yield "configurations", lambda: _backups(app)
    yield "ledger", lambda: _ledger(app)
    yield "e-invoices", lambda: _einvoices(settings, app)


def examined(look: Callable[[], Finding]) -> Finding:
    """One examination; an error is a finding too, so that the others are still made."""
    try:
        return look()
    except (Refusal, psycopg.Error, OSError) as wrong:
        return False, str(wrong).strip().partition("\n")[0]


@click.command()
@options.data
def doctor(data: Path | None) -> None:
    """Look at what the installation needs; exit 1 if something is missing."""
    well = True
    with with_database(data) as settings:
        app = create_app(settings)
        for name, look in examinations(settings, app):
            good, sentence = examined(look)
            well = well and good
            click.secho("ok   " if good else "BAD  ", fg="green" if good else "red", nl=False)
            click.echo(f"{name}: {sentence}")
    raise SystemExit(0 if well else 1)
