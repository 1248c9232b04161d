"""A database for the length of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import embedded
from config.settings import Settings
from portal.cli.options import settings_for


@contextmanager
def with_database(folder: Path | None) -> Iterator[Settings]:
    """The settings with a database that answers: DATABASE_URL's, or the embedded one of `--data`.

    Attaches to the embedded server of a running service, or starts one for the while.
    """
    settings = settings_for(folder, log_level="WARNING", log_format="text")
    if settings.database_url is not None:
        yield settings
        return
    with embedded.serve(settings.data) as url:
        yield settings.model_copy(update={"database_url": url})
