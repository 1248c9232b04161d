"""Gives devices out as CSV, XLSX or YAML, in the columns in which they are taken in again.

Credentials are named and never opened, so no file holds a secret.
"""

from collections.abc import Iterable, Sequence
from typing import IO, Any

import yaml

from monitoring.models import Device
from portal import sheets
from portal.pages import states
from portal.pages.device_files import columns, drafts
from portal.pages.device_files.columns import YES_OR_NO
from portal.pages.export_tables import Head, Table
from portal.pages.states import PLATFORMS
from portal.sheets import Kind, Value

YAML = "application/yaml"
MEDIA_TYPES = {**sheets.MEDIA_TYPES, "yml": YAML}
WIDTHS = {"name": 24, "address": 18, "location": 28, "note": 40, "tags": 24}
NUMBERS = ("snmp_port", "ssh_port")
WORDS: dict[str, Any] = {
    "role": states.DEVICE_ROLES,
    "platform": PLATFORMS,
    "is_enabled": YES_OR_NO,
    "needs_legacy_ssh": YES_OR_NO,
}
HEADS = tuple(
    Head(
        name,
        title,
        Kind.NUMBER if name in NUMBERS else Kind.TEXT,
        WIDTHS.get(name, 16),
        WORDS.get(name),
    )
    for name, title in columns.TITLES.items()
)


def table(found: Sequence[Device]) -> Table:
    """The devices as a table of their descriptions."""
    return Table("devices", HEADS, (_cells(device) for device in found))


def _cells(device: Device) -> list[Value]:
    cells: list[Value] = []
    for name in columns.TITLES:
        value = getattr(device, name)
        cells.append(value if name in NUMBERS else drafts.written(name, value) or None)
    return cells


def write_yaml(found: Iterable[Device], out: IO[bytes]) -> None:
    """The devices under `devices:`, as `media-center import` reads them too."""
    out.write(b"devices:\n")
    for device in found:
        record = {name: _plain(name, getattr(device, name)) for name in columns.TITLES}
        kept = {name: value for name, value in record.items() if value not in (None, "", [])}
        text = yaml.safe_dump([kept], allow_unicode=True, sort_keys=False, width=1000)
        out.write("".join(f"  {line}\n" for line in text.splitlines()).encode())


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, bool | int | list) and name != "role":
        return value
    return drafts.written(name, value)


def write(found: Sequence[Device], form: str, out: IO[bytes], *, spoken: bool) -> None:
    """The devices in one of MEDIA_TYPES, with the heads of pages or of the API."""
    if form == "yml":
        write_yaml(found, out)
        return
    given = table(found)
    sheets.WRITERS[form](given.columns(spoken=spoken), given.told(spoken=spoken), out)
