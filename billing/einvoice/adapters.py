"""The providers by the name that `MEDIA_CENTER_EINVOICE_PROVIDER` gives.

A real provider is one new module with a class like `FileProvider`, and one line here.
"""

from collections.abc import Callable, Mapping

from billing.einvoice.file_provider import FileProvider
from billing.einvoice.provider import Provider
from billing.errors import UnknownProvider
from config.settings import Settings

FOLDER = "einvoices"


def _file(settings: Settings) -> Provider:
    given = settings.einvoice_folder
    # A folder that was given is mounted by somebody: in its absence nothing is made in its place.
    return FileProvider(given or settings.data / FOLDER, makes_folder=given is None)


ADAPTERS: Mapping[str, Callable[[Settings], Provider]] = {"file": _file}


def provider(settings: Settings) -> Provider:
    """The provider that the settings name; raises UnknownProvider."""
    adapter = ADAPTERS.get(settings.einvoice_provider)
    if adapter is None:
        raise UnknownProvider(
            "MEDIA_CENTER_EINVOICE_PROVIDER: there is no adapter {name}; take one of {known}.",
            name=settings.einvoice_provider,
            known=", ".join(ADAPTERS),
        )
    return adapter(settings)
