"""What several commands share: the data folder, the settings, and how a secret is asked for."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from config.errors import Invalid
from config.settings import Settings, load

Command = TypeVar("Command", bound=Callable[..., Any])

data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder: keys, files, and the embedded database unless DATABASE_URL is set.",
)


class NoSecret(Invalid):
    """Nothing was typed; type the secret, or pipe it in."""


def secret(prompt: str) -> str:
    """One secret: asked for on a terminal without showing it, else the next line of the input."""
    if sys.stdin.isatty():
        found = str(click.prompt(prompt, hide_input=True, confirmation_prompt=True))
    else:
        found = sys.stdin.readline().rstrip("\n")
    if not found:
        raise NoSecret
    return found


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
