"""What every test stands on: a real PostgreSQL, one database a worker, wiped after each test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from blinker import Signal
from flask import Flask

import billing.signals
import monitoring.signals
import rental.signals
from config import embedded
from config.database import Base, db
from monitoring import waiver_terms
from monitoring.rules import Severity
from monitoring.waiver_terms import WaiverTerms
from portal import schema

HOME = Path(__file__).parent.parent

# A test's database may lose its last second when the machine does.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Events go with their jobs by a foreign key, which sleeps while tables are wiped; an event left
# without its job would break a later restore.
QUEUE = ["procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs"]


@pytest.fixture
def grave_takes_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose waivers of grave rules take two people."""
    terms = WaiverTerms(second_person=(Severity.CRITICAL, Severity.HIGH), source="a decision")
    monkeypatch.setattr(waiver_terms, "load", lambda: terms)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this worker's own."""
    with embedded.serve(tmp_path_factory.mktemp("data"), {**FAST, "max_connections": "200"}) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(server_url: str) -> str:
    """The migrated database of this worker."""
    engine = sa.create_engine(server_url)
    with engine.begin() as link:
        schema.upgrade_on(link)
    engine.dispose()
    return server_url


@pytest.fixture(scope="session")
def ground(database_url: str) -> Flask:
    """The smallest application that carries a session, for the floors below the portal."""
    app = Flask("tests", root_path=str(HOME))
    app.config.update(SQLALCHEMY_DATABASE_URI=database_url)
    db.init_app(app)
    return app


def wipe(database_url: str) -> None:
    """Empty every table in one round trip, foreign keys and guards asleep."""
    names = [table.name for table in Base.metadata.sorted_tables] + QUEUE
    tables = [f'DELETE FROM "{name}";' for name in names]
    address = database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as link:
        link.execute("SET session_replication_role = replica; " + " ".join(tables))


@contextmanager
def silence() -> Iterator[None]:
    """Nobody listens to any floor inside the block; afterwards the same listen as before.

    An application assembled by an earlier test of this process has subscribed for good.
    """
    signals = [
        signal
        for module in (rental.signals, billing.signals, monitoring.signals)
        for signal in vars(module).values()
        if isinstance(signal, Signal)
    ]
    kept = [(signal, dict(vars(signal))) for signal in signals]
    for signal in signals:
        vars(signal).update(vars(Signal(signal.__doc__)))
    try:
        yield
    finally:
        for signal, before in kept:
            vars(signal).clear()
            vars(signal).update(before)


@pytest.fixture
def house(ground: Flask, database_url: str) -> Iterator[Flask]:
    """An application context on an empty database; what the test commits is wiped after it."""
    with silence(), ground.app_context():
        yield ground
        db.session.rollback()
        db.session.remove()
    wipe(database_url)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many were skipped where none may be."""
    if os.environ.get("CI") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("CI=true: a skipped test counts as a failure.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With CI=true everything a test needs is there: a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CI"):
        return
    if reporter.stats.get("skipped") and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
