"""A file of devices as it would be taken in: of each row what it is, and what it changes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from config.errors import Refusal
from monitoring import device_batches, devices
from monitoring.device_batches import Planned
from monitoring.devices import NewDevice
from monitoring.errors import BadDevice, DeviceRetired
from monitoring.models import Device
from portal.pages.booking_files.columns import plain, text
from portal.pages.booking_files.errors import BadRow
from portal.pages.device_files import columns, known, reading
from portal.pages.device_files.errors import SameAddress, object_to
from portal.pages.device_files.known import Known
from portal.pages.device_files.reading import Written

LINKS = ("site", "resource", "asset", "snmp_credential", "ssh_credential")
NAMES = {"site": "slug", "resource": "code", "asset": "tag"}


class Verdict(StrEnum):
    """What would become of a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a row changes, as files write it; empty where nothing stands."""

    field: str
    was: str
    becomes: str


@dataclass(slots=True)
class Row:
    """One row: where it stands, whose it is, what is wrong with it, what it would change."""

    number: int
    cells: Mapping[str, Any]
    name: str = ""
    device: Device | None = None
    wanted: NewDevice | None = None
    parent: str | None = None
    changes: list[Change] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)
    # What to look at, though it keeps nothing back.
    notes: list[Refusal] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """What would become of it."""
        if self.problems:
            return Verdict.WRONG
        if self.device is None:
            return Verdict.NEW
        return Verdict.CHANGED if self.changes else Verdict.UNCHANGED

    def said(self, name: str) -> str:
        """What stands under a column."""
        return text(self.cells.get(name))


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as read, and a digest of the file and of all that would become of it."""

    rows: list[Row]
    digest: str

    def of(self, verdict: str) -> list[Row]:
        """The rows of a verdict, in the file's sequence."""
        return [row for row in self.rows if row.verdict == verdict]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have which verdict."""
        verdicts = [row.verdict for row in self.rows]
        return {verdict.value: verdicts.count(verdict) for verdict in Verdict}

    @property
    def is_good(self) -> bool:
        """Whether no row is wrong."""
        return all(row.verdict is not Verdict.WRONG for row in self.rows)

    @property
    def planned(self) -> list[Planned]:
        """What is to be written: new rows and changed ones."""
        return [
            Planned(row.wanted, row.device, row.parent)
            for row in self.rows
            if row.wanted is not None and row.verdict in (Verdict.NEW, Verdict.CHANGED)
        ]


def read(filename: str, content: bytes) -> Draft:
    """The file, each row looked at alone and beside the others; raises BadSheet or BadFile."""
    written = reading.read(filename, content)
    there = known.look_up()
    rows = [_row(each, there) for each in written]
    _look_for_doubles(rows)
    _look_at_parents(rows, there)
    for row in rows:
        _compare(row)
    _look_at_addresses(rows, there)
    return Draft(rows, _digest(content, rows))


def names_in(filename: str, content: bytes) -> set[str]:
    """The devices that a file names, as themselves or as parents; raises as `read` does."""
    written = reading.read(filename, content)
    return {text(row.cells.get(name)) for row in written for name in ("name", "parent")} - {""}


def _row(written: Written, there: Known) -> Row:
    row = Row(written.number, written.cells, problems=list(written.problems))
    given: dict[str, Any] = {}
    for name, cell in written.cells.items():
        if not text(cell):
            continue
        try:
            said = columns.value(name, cell)
            given[name] = there.link(name, said) if name in LINKS and said is not None else said
        except (BadRow, BadDevice) as refusal:
            row.problems.append(_beside(name, refusal))
    row.name = str(given.get("name", ""))
    row.device = there.device(row.name)
    if row.device is None:
        _need(row, given, there)
    else:
        row.name = row.device.name
    _take_parent(row, given, there)
    if not row.problems:
        _describe(row, given, there)
    return row


def _need(row: Row, given: dict[str, Any], there: Known) -> None:
    """What a device that is not there yet must say."""
    if not row.name:
        object_to(row.problems, "The row needs the name of a device.")
        return
    spelled = there.spelled.get(plain(row.name))
    if spelled is not None:
        template = "A device is named {name}; write its name as it stands there."
        object_to(row.problems, template, name=spelled)
    if not row.said("address"):
        object_to(row.problems, "A new device needs an address.", name=row.name)
    if "site" not in given and there.first_site is None:
        object_to(row.problems, "There is no site yet; add one first.")


def _take_parent(row: Row, given: dict[str, Any], there: Known) -> None:
    was = row.device.parent if row.device is not None else None
    row.parent = given.pop("parent", was.name if was is not None else None)
    above = there.device(row.parent) if row.parent is not None else None
    row.parent = above.name if above is not None else row.parent


def _beside(name: str, refusal: Refusal) -> Refusal:
    """The refusal of a value, with the column it stands in where it does not say so itself."""
    refusal.values.setdefault("column", name)
    return refusal


def _describe(row: Row, given: dict[str, Any], there: Known) -> None:
    site = given.get("site") or there.first_site
    if row.device is not None:
        was = devices.described(row.device)
    elif site is not None:
        was = NewDevice("", "", site)
    else:
        return
    _keep_what_says_the_same(was, given)
    asset = given.get("asset")
    if asset is not None and asset is not was.asset and "resource" not in given:
        # As in the form: who names the asset means what it is a piece of.
        given["resource"] = asset.resource
    row.wanted = replace(was, **given)
    try:
        devices.check(row.wanted)
    except BadDevice as refusal:
        row.problems.append(refusal)


def _keep_what_says_the_same(was: NewDevice, given: dict[str, Any]) -> None:
    """A text that stands there in another spelling than files are read in is no change."""
    for name in columns.TEXTS:
        kept = getattr(was, name)
        if name in given and kept:
            # A dash empties a field, but for one that is a dash itself.
            said = given[name] or columns.DASH
            spelling = devices.plain if name == "note" else columns.squeezed
            if spelling(kept) == spelling(said):
                given[name] = kept


def _look_for_doubles(rows: Iterable[Row]) -> None:
    first: dict[str, Row] = {}
    for row in rows:
        if not row.name:
            continue
        before = first.setdefault(plain(row.name), row)
        if before is not row:
            template = "{name} stands already in row {first}; keep one of them."
            object_to(row.problems, template, name=row.name, first=before.number)


def _look_at_parents(rows: list[Row], there: Known) -> None:
    coming = {row.name for row in rows}
    for row in rows:
        parent = row.parent
        if parent is None or not row.name or "parent" not in row.cells:
            continue
        if parent not in there.devices and parent not in coming:
            template = "There is no device “{name}”, neither here nor in the inventory."
            object_to(row.problems, template, name=parent[:80], column="parent")
        elif (above := there.devices.get(parent)) is not None and above.retired_at is not None:
            template = "{name} is out of use; choose another parent."
            object_to(row.problems, template, name=parent, column="parent")
    after = device_batches.parents() | {row.name: row.parent for row in rows if row.name}
    asked = {row.name: row for row in rows if row.name and row.parent}
    for name, way in device_batches.tangled(after, asked).items():
        if way[-1] == name:
            template = "A device cannot be reached through itself: {way}."
        else:
            template = "It would be reached through more than {most} others; choose another parent."
        shown = " → ".join(way if len(way) < 9 else [*way[:4], "…", *way[-3:]])
        problems = asked[name].problems
        object_to(problems, template, most=devices.DEEPEST, way=shown, column="parent")


def _compare(row: Row) -> None:
    if row.wanted is None or row.device is None:
        return
    was = devices.described(row.device)
    above = was.parent.name if was.parent is not None else None
    if above != row.parent:
        row.changes.append(Change("parent", above or "", row.parent or ""))
    for each in fields(NewDevice):
        before, after = getattr(was, each.name), getattr(row.wanted, each.name)
        if each.name != "parent" and before != after:
            shown = (written(each.name, before), written(each.name, after))
            row.changes.append(Change(each.name, *shown))
    if row.changes and row.device.retired_at is not None:
        row.problems.append(DeviceRetired())


def written(name: str, value: Any) -> str:
    """A value of a description as files write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "tags":
        return ", ".join(value)
    if name in LINKS or name == "parent":
        return str(getattr(value, NAMES.get(name, "name")))
    return devices.plain(value) if name in columns.TEXTS else str(value)


def _look_at_addresses(rows: Iterable[Row], there: Known) -> None:
    taken = dict(there.addresses)
    for row in rows:
        if row.wanted is None or row.verdict is not Verdict.NEW:
            continue
        key = (row.wanted.address, row.wanted.snmp_port)
        other = taken.setdefault(key, row.name)
        if other != row.name:
            row.notes.append(SameAddress(name=other, address=key[0]))


def _digest(content: bytes, rows: Iterable[Row]) -> str:
    told = hashlib.sha256(content)
    for row in rows:
        told.update(repr((row.number, row.verdict.value, row.changes)).encode())
    return told.hexdigest()
