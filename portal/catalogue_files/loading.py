"""Loads a catalogue file: the whole of it or nothing, every error with its line.

A record that exists already (same slug, address, code or tag) is brought up to date, so the same
file may be imported again and changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from billing import tariff
from config.database import Base, db
from config.documents import BadDocument
from monitoring import credentials, devices
from monitoring.devices import NewDevice
from monitoring.models import Credential, Device
from portal.catalogue_files import checks, price_lists, reading
from portal.catalogue_files.checks import Known
from portal.catalogue_files.reading import BadCatalogue
from portal.catalogue_files.records import (
    KINDS,
    AgreementRecord,
    AssetRecord,
    DeviceRecord,
    Entry,
    MemberRecord,
    PartRecord,
    Record,
    ResourceRecord,
    SiteRecord,
    TariffRecord,
    UnitRecord,
)
from rental import agreements, catalogue, journal, units, uplinks
from rental.agreements import Target, Terms
from rental.errors import AgreementsOverlap, BadAgreement, BadResource
from rental.models import Asset, Member, Part, Resource, Site, Unit

ADDED, CHANGED, UNCHANGED, REMOVED = "added", "changed", "unchanged", "removed"


@dataclass(slots=True)
class Imported:
    """What the import did: kind → how many were added, changed and found unchanged."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, kind: str, verb: str) -> None:
        """Count one record."""
        self.counts.setdefault(kind, Counter())[verb] += 1

    def lines(self) -> list[str]:
        """One line for each kind, for people."""
        return [
            f"{kind}: "
            + ", ".join(
                f"{n[verb]} {verb}" for verb in (ADDED, CHANGED, REMOVED, UNCHANGED) if n[verb]
            )
            for kind, n in self.counts.items()
        ]


def import_file(path: Path, *, tariffs_folder: Path = tariff.FOLDER) -> Imported:
    """Import a .yml or .csv file, or a folder of them; call inside `transaction()`.

    Raises BadCatalogue with every error. Price lists go to `tariffs_folder`, as the last step.
    """
    draft = reading.read(path)
    wrong = draft.problems + checks.problems(draft.entries, known())
    wrong += price_lists.problems(draft.entries, tariffs_folder)
    if wrong:
        raise BadCatalogue(wrong)
    _lock_known(draft.entries)
    imported = Imported()
    for kind in KINDS:
        if kind == "parts":
            _write_part_lists(draft.entries, imported)
            _lead_through_uplinks(draft.entries, imported)
        for entry in checks.parents_first(draft.entries):
            if entry.kind == kind != "tariffs":
                _write(entry, imported)
    _keep_tariffs(draft.entries, tariffs_folder, imported)
    return imported


def _lock_known(entries: list[Entry]) -> None:
    """Lock the resources that the file changes in id order, as every writer of stock does."""
    codes = {entry.record.key for entry in entries if entry.kind == "resources"}
    catalogue.lock(db.session.scalars(sa.select(Resource.id).where(Resource.code.in_(codes))))


def _write_part_lists(entries: list[Entry], imported: Imported) -> None:
    """A resource that lists its parts has these and no others."""
    for entry in entries:
        record = entry.record
        if not isinstance(record, ResourceRecord) or "parts" not in record.given:
            continue
        listed = {part.resource: part.quantity for part in record.parts}
        for part in list(catalogue.get(record.code).parts):
            if part.part.code not in listed and not part.part.is_uplink:
                part.whole.parts.remove(part)
                imported.note("parts", REMOVED)
        for code, quantity in listed.items():
            piece = PartRecord(whole=record.code, part=code, quantity=quantity)
            _write(Entry("parts", entry.place, piece), imported)


def _lead_through_uplinks(entries: list[Entry], imported: Imported) -> None:
    """A circuit takes the Mbps it has now, of the uplink named or of the one it had."""
    for entry in entries:
        record = entry.record
        if not isinstance(record, ResourceRecord) or not {"uplink", "mbps"} & record.given.keys():
            continue
        circuit = catalogue.get(record.code)
        is_named = "uplink" in record.given
        uplink = uplinks.of(circuit) if not is_named else None
        if record.uplink is not None:
            uplink = catalogue.get(record.uplink)
        try:
            if uplinks.lead(circuit, uplink):
                imported.note("parts", CHANGED)
        except BadResource as refused:
            raise BadCatalogue([f"{entry.place}: {refused.message}"]) from refused


def known() -> Known:
    """What the database has already."""
    part, whole = sa.orm.aliased(Resource), sa.orm.aliased(Resource)
    parts: dict[str, set[str]] = {}
    for above, below in db.session.execute(
        sa.select(whole.code, part.code)
        .select_from(Part)
        .join(whole, Part.whole_id == whole.id)
        .join(part, Part.part_id == part.id)
    ):
        parts.setdefault(above, set()).add(below)
    everyone = units.everyone()
    return Known(
        sites=frozenset(site.slug for site in units.sites()),
        units=frozenset(unit.slug for unit in everyone),
        centre=frozenset(unit.slug for unit in everyone if unit.is_centre),
        resources={row.code: row.kind for row in db.session.execute(_codes_and_kinds())},
        parts={above: frozenset(below) for above, below in parts.items()},
        assets=frozenset(db.session.scalars(sa.select(Asset.tag))),
        credentials={row.name: row.kind for row in db.session.execute(_names_and_kinds())},
        parents=_parents(),
    )


def _codes_and_kinds() -> sa.Select[Any]:
    return sa.select(Resource.code, Resource.kind)


def _names_and_kinds() -> sa.Select[Any]:
    return sa.select(Credential.name, Credential.kind)


def _parents() -> dict[str, str | None]:
    parent = sa.orm.aliased(Device)
    rows = db.session.execute(
        sa.select(Device.name.label("name"), parent.name.label("parent")).outerjoin(
            parent, Device.parent_id == parent.id
        )
    )
    return {row.name: row.parent for row in rows}


def _write(entry: Entry, imported: Imported) -> None:
    try:
        with db.session.begin_nested():
            verb = WRITERS[type(entry.record)](entry.record)
    except DBAPIError as refused:
        # The database is the last judge: fewer pieces than are promised to bookings, say.
        told = str(refused.orig).partition("\n")[0]
        raise BadCatalogue([f"{entry.place}: {told}"]) from refused
    except (BadAgreement, AgreementsOverlap, BadResource) as refused:
        raise BadCatalogue([f"{entry.place}: {refused.message}"]) from refused
    imported.note(entry.kind, verb)


def _keep_tariffs(entries: list[Entry], folder: Path, imported: Imported) -> None:
    """Files cannot be rolled back, so price lists are kept when every row has been accepted."""
    for entry in entries:
        if isinstance(entry.record, TariffRecord):
            try:
                changed = price_lists.write(entry.record, folder)
            except BadDocument as wrong:
                raise BadCatalogue([f"{entry.place}: {wrong.message}"]) from wrong
            imported.note(entry.kind, CHANGED if changed else UNCHANGED)


def _upsert(row: Any | None, new: Callable[[], Base], values: dict[str, Any]) -> tuple[Any, str]:
    """Set `values` on the row, or on a new one; tell what happened and write it to the journal."""
    verb = ADDED if row is None else UNCHANGED
    if row is None:
        row = new()
        db.session.add(row)
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            verb = verb if verb == ADDED else CHANGED
    db.session.flush()
    if verb != UNCHANGED:
        journal.record(row, f"imported_{verb}", by=None)
    return row, verb


def _write_site(record: SiteRecord) -> str:
    row = db.session.scalar(sa.select(Site).where(Site.slug == record.slug))
    return _upsert(row, Site, record.given)[1]


def _write_unit(record: UnitRecord) -> str:
    return _upsert(units.find(record.slug), Unit, record.given)[1]


def _write_member(record: MemberRecord) -> str:
    values = record.given | {"unit": units.get(record.unit)}
    row = units.find_member(record.email)
    if row is not None:
        # The same address in other letters is the same member.
        values.pop("email")
    return _upsert(row, Member, values)[1]


def _write_resource(record: ResourceRecord) -> str:
    row = catalogue.find(record.code)
    linked = ("parts", "site", "owner", "uplink")
    values = {name: value for name, value in record.given.items() if name not in linked}
    if "owner" in record.given:
        values["owner"] = units.get(record.owner) if record.owner is not None else None
    if record.site is not None or row is None:
        values["site"] = units.site(record.site)
    return _upsert(row, Resource, values)[1]


def _write_part(record: PartRecord) -> str:
    whole, part = catalogue.get(record.whole), catalogue.get(record.part)
    catalogue.check_part(part)
    row = db.session.scalar(
        sa.select(Part).where(Part.whole_id == whole.id, Part.part_id == part.id)
    )
    return _upsert(row, lambda: Part(whole=whole, part=part), {"quantity": record.quantity})[1]


def _write_asset(record: AssetRecord) -> str:
    values = record.given | {"resource": catalogue.get(record.resource)}
    row = db.session.scalar(sa.select(Asset).where(Asset.tag == record.tag))
    return _upsert(row, Asset, values)[1]


def _write_device(record: DeviceRecord) -> str:
    row = devices.find(record.name)
    was = NewDevice("", "", units.site(record.site)) if row is None else _as_described(row)
    links: dict[str, Callable[[str], Any]] = {
        "site": units.site,
        "resource": catalogue.get,
        "asset": lambda tag: db.session.scalar(sa.select(Asset).where(Asset.tag == tag)),
        "parent": devices.find,
        "snmp_credential": credentials.find,
        "ssh_credential": credentials.find,
    }
    values = {
        name: links[name](value) if name in links and value is not None else value
        for name, value in record.given.items()
        if not (name == "site" and value is None)
    }
    if "tags" in values:
        values["tags"] = list(values["tags"])
    wanted = replace(was, **values)
    if row is None:
        devices.add(wanted)
        return ADDED
    if wanted == was:
        return UNCHANGED
    devices.change(row, wanted)
    return CHANGED


def _as_described(row: Device) -> NewDevice:
    return NewDevice(**{field.name: getattr(row, field.name) for field in fields(NewDevice)})


def _comparable(terms: Terms) -> Terms:
    """Targets have no order of their own."""
    return replace(terms, targets=tuple(sorted(terms.targets, key=str)))


def _write_agreement(record: AgreementRecord) -> str:
    row = agreements.find(record.number)
    given = dict(record.given)
    unit = units.get(given.pop("unit"))
    if "targets" in given:
        given["targets"] = tuple(Target(**dict(each)) for each in record.targets)
    if row is None:
        agreements.add(unit, Terms(**given), by=None)
        return ADDED
    if row.unit_id != unit.id:
        raise BadAgreement(
            "Agreement {number} is another unit's; give this one its own number.",
            number=record.number,
        )
    was = agreements.terms_of(row)
    wanted = replace(was, **given)
    if _comparable(wanted) == _comparable(was):
        return UNCHANGED
    agreements.change(row, wanted, by=None)
    return CHANGED


WRITERS: dict[type[Record], Callable[[Any], str]] = {
    SiteRecord: _write_site,
    UnitRecord: _write_unit,
    MemberRecord: _write_member,
    ResourceRecord: _write_resource,
    PartRecord: _write_part,
    AssetRecord: _write_asset,
    DeviceRecord: _write_device,
    AgreementRecord: _write_agreement,
}
