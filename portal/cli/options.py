"""What several commands share: the data folder, the settings and the database behind them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from config import embedded
from config.settings import Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])

data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder: keys, files, and the embedded database unless DATABASE_URL is set.",
)


def settings_for(folder: Path | None, **defaults: str) -> Settings:
    """The settings of the environment; `--data` wins, `defaults` yield to the environment."""
    own: dict[str, object] = {
        name: value
        for name, value in defaults.items()
        if f"MEDIA_CENTER_{name.upper()}" not in os.environ
    }
    if folder is not None:
        own["data"] = folder
    settings = load(**own)
    return settings.model_copy(update={"data": settings.data.resolve()})


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
