"""The columns of a file of devices: what they may be called, and how a cell is read.

A head may be the API's name or the word of the page in either language; so may kinds, platforms
and yes or no. An empty cell says nothing; a single dash empties the field.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from config.errors import Refusal, filled
from monitoring import devices
from monitoring.models import DeviceRole, Platform
from portal.pages import states
from portal.pages.booking_files.columns import heads_of, lookup, plain, text
from portal.pages.booking_files.errors import BadRow
from portal.pages.booking_files.grids import Cell, GridRow
from portal.pages.states import PLATFORMS

TITLES = {
    "name": _("Name"),
    "address": _("Address"),
    "role": _("Kind"),
    "platform": _("Platform"),
    "site": _("Site"),
    "vendor": _("Vendor"),
    "model": _("Model"),
    "serial": _("Serial number"),
    "location": _("Location"),
    "tags": _("Tags"),
    "note": _("Notes"),
    "parent": _("Reached through"),
    "resource": _("Serves (code)"),
    "asset": _("Asset (tag)"),
    "snmp_credential": _("SNMP credential"),
    "snmp_port": _("SNMP port"),
    "ssh_credential": _("SSH credential"),
    "ssh_port": _("SSH port"),
    "needs_legacy_ssh": _("Legacy SSH"),
    "is_enabled": _("Polled"),
}
REQUIRED = ("name",)
TEXTS = ("name", "vendor", "model", "serial", "location", "note")
# What a device may be without; a dash empties it.
MAY_BE_EMPTY = frozenset(
    ("vendor", "model", "serial", "location", "note", "tags", "parent", "resource", "asset")
) | {"snmp_credential", "ssh_credential"}
DASH = "-"
# What is yes or no.
ANSWERED = ("is_enabled", "needs_legacy_ssh")
YES_OR_NO = {"yes": _("Yes"), "no": _("No")}
SAID_YES, SAID_NO = ("true", "yes", "1", "x", "có"), ("false", "no", "0", "không")


@lru_cache(maxsize=1)
def _heads() -> dict[str, str]:
    return lookup(TITLES)


@lru_cache(maxsize=1)
def _roles() -> Mapping[str, object]:
    return lookup(states.DEVICE_ROLES)


@lru_cache(maxsize=1)
def _platforms() -> Mapping[str, object]:
    return lookup(PLATFORMS)


@lru_cache(maxsize=1)
def _answers() -> Mapping[str, object]:
    words = {word: said == "yes" for word, said in lookup(YES_OR_NO).items()}
    return words | dict.fromkeys(SAID_YES, True) | dict.fromkeys(SAID_NO, False)


def heads(row: GridRow) -> dict[int, str]:
    """Which column stands where; raises BadSheet where one is unknown, twice there or missing."""
    return heads_of(row, _heads(), REQUIRED)


def column_of(word: str) -> str | None:
    """The column that a word means, if any."""
    return _heads().get(plain(word))


def value(name: str, cell: Cell) -> Any:
    """What a cell says of a field, links still as they are written; None empties it.

    Raises BadRow, BadAddress or BadDevice. The cell is not empty.
    """
    if isinstance(cell, datetime | date | time):
        raise BadRow(
            "{column}: the spreadsheet has made a date of it; format the column as text.",
            column=name,
        )
    said = text(cell)
    if said == DASH:
        if name in MAY_BE_EMPTY:
            return [] if name == "tags" else None
        raise BadRow("{column}: it cannot be empty; leave the cell empty to keep it.", column=name)
    return _READERS[name](name, said) if name in _READERS else said


def squeezed(said: str) -> str:
    """A text on one line with one space between its words."""
    return " ".join(devices.plain(said).split())


def _coded(name: str, said: str) -> DeviceRole | Platform | bool:
    words = {"role": _roles, "platform": _platforms}.get(name, _answers)()
    found = words.get(plain(said))
    if found is None:
        codes = ["yes", "no"] if name in ANSWERED else sorted(set(map(str, words.values())))
        raise BadRow(
            "{column}: “{text}” is not one of {words}.",
            words={"words": codes},
            column=name,
            text=said[:40],
        )
    if name in ANSWERED:
        return bool(found)
    return DeviceRole(str(found)) if name == "role" else Platform(str(found))


def _port(name: str, said: str) -> int:
    if not said.isdecimal() or len(said) > 9:
        raise BadRow("{column}: “{text}” is not a whole number.", column=name, text=said[:40])
    return int(said)


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("role", "platform", *ANSWERED), _coded),
    **dict.fromkeys(("snmp_port", "ssh_port"), _port),
    **dict.fromkeys(("vendor", "model", "serial", "location"), lambda _name, said: squeezed(said)),
    "address": lambda _name, said: devices.numeric(said),
    "tags": lambda _name, said: devices.tags_of([said]),
    "note": lambda _name, said: devices.plain(said),
}


def told(refusal: Refusal, titles: Mapping[str, object], words: Mapping[str, object]) -> str:
    """The sentence of a refusal after the column it is about, both in the words given.

    Call it with empty mappings for machines: then columns and codes bear their own names.
    """
    values = dict(refusal.values)
    column = values.get("column") or values.get("field")
    title = str(titles.get(str(column), column))
    values["column"] = title
    if isinstance(names := values.get("columns"), list):
        values["columns"] = [str(titles.get(name, name)) for name in names]
    if isinstance(codes := values.get("words"), list):
        values["words"] = [str(words.get(code, code)) for code in codes]
    template = gettext(refusal.template) if titles else refusal.template
    is_said = column is None or "{column}" in refusal.template
    return filled(template if is_said else "{column}: " + template, values)


def spoken(refusal: Refusal) -> str:
    """The sentence of a refusal in the language of the page."""
    return told(refusal, TITLES, {**states.DEVICE_ROLES, **PLATFORMS, **YES_OR_NO})


def plainly(refusal: Refusal) -> str:
    """The same in English, with the names that the API knows."""
    return told(refusal, {}, {})
