"""A database for the length of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config import embedded
from config.errors import Unreachable
from config.settings import Settings
from portal import jobs, schema, shape
from portal.app import create_app
from portal.cli.options import settings_for


class DatabaseSilent(Unreachable):
    """The database does not answer; look at DATABASE_URL and at the server."""


class OutdatedSchema(Unreachable):
    """The database has another shape than this version needs; run `media-center upgrade`."""


def _require_answer(settings: Settings) -> None:
    """Raise DatabaseSilent, a sentence, before a query fails in a hundred lines."""
    try:
        psycopg.connect(jobs.libpq_url(settings), connect_timeout=5).close()
    except psycopg.OperationalError as silent:
        reason = str(silent).strip().splitlines()[0]
        raise DatabaseSilent(f"The database of DATABASE_URL does not answer: {reason}") from silent


@contextmanager
def with_database(folder: Path | None) -> Iterator[Settings]:
    """The settings with a database that answers: DATABASE_URL's, or the embedded one of `--data`.

    Attaches to the embedded server of a running service, or starts one for the while.
    """
    settings = settings_for(folder, log_level="WARNING", log_format="text")
    if settings.database_url is not None:
        _require_answer(settings)
        yield settings
        return
    with embedded.serve(settings.data) as url:
        yield settings.model_copy(update={"database_url": url})


@contextmanager
def with_records(folder: Path | None) -> Iterator[Settings]:
    """The app's context on a database of this version's shape.

    The embedded one is brought to it, an empty one as well. Raises OutdatedSchema for that of
    DATABASE_URL, which its operator upgrades.
    """
    is_embedded = settings_for(folder).database_url is None
    with with_database(folder) as settings:
        app = create_app(settings)
        with app.app_context():
            if not shape.is_current():
                if not is_embedded:
                    raise OutdatedSchema
                schema.upgrade(app)
            yield settings
