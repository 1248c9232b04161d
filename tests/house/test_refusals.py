"""Every refusal that a page may show has its sentence in the catalogue; the rest are named here."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from babel.messages.pofile import read_po

from config.errors import Refusal
from tests.house.test_house import FLOORS, HOME

CATALOGUE = HOME / "portal" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"

# Only a terminal or a program ever reads these: they stay in English.
ENGLISH = {
    "config.documents": "the start, and commands",
    "config.embedded": "the start, and commands",
    "config.settings": "the start, and commands",
    "portal.api": "programs",
    "portal.catalogue_files.reading": "the import command",
    "portal.cli": "commands",
    "portal.demo": "the demo's devices",
    "portal.idempotency": "programs",
    "portal.keys": "the start, and commands",
    "portal.mail": "the worker's log",
    "portal.programs": "media-center run",
    "portal.vital_signs": "Prometheus",
    "portal.worker": "the worker's log",
}


def _below(family: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in family.__subclasses__():
        yield kind
        yield from _below(kind)


def _refusals() -> list[type[Refusal]]:
    """Every refusal of the house, also of modules that no other test imports."""
    for floor in FLOORS:
        package = importlib.import_module(floor)
        for module in pkgutil.walk_packages(package.__path__, f"{floor}."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)
    return [kind for kind in _below(Refusal) if kind.__module__.partition(".")[0] in FLOORS]


def _is_english(kind: type[Refusal]) -> bool:
    return any(f"{kind.__module__}.".startswith(f"{room}.") for room in ENGLISH)


def test_every_refusal_of_a_page_speaks_vietnamese():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="vi")
    silent = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in _refusals()
        if not _is_english(kind)
        and not ((found := catalogue.get(inspect.getdoc(kind) or "")) and found.string)
    ]
    assert silent == []


def test_every_refusal_says_in_its_docstring_what_happened_and_what_to_do():
    """One sentence of one line: it is the default message."""
    wrong = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in _refusals()
        if "\n" in (doc := (kind.__doc__ or "").strip()) or not doc.endswith(".")
    ]
    assert wrong == []
