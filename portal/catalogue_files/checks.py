"""Pure checks over a whole catalogue file: duplicates, references, circles of parts, roles."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from monitoring.models import CredentialKind
from portal.catalogue_files.records import (
    AgreementRecord,
    AssetRecord,
    DeviceRecord,
    Entry,
    MemberRecord,
    PartRecord,
    Record,
    ResourceRecord,
    UnitRecord,
)
from rental.models import ResourceKind
from rental.units import STAFF


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has already, by natural key."""

    sites: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    centre: frozenset[str] = frozenset()
    resources: Mapping[str, ResourceKind] = field(default_factory=dict)
    # Whole → its parts.
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assets: frozenset[str] = frozenset()
    credentials: Mapping[str, CredentialKind] = field(default_factory=dict)
    # Device → the device it is reached through.
    parents: Mapping[str, str | None] = field(default_factory=dict)


def problems(entries: list[Entry], known: Known) -> list[str]:
    """Everything that is wrong between the records, each with its place."""
    return [
        *_duplicates(entries),
        *_unknown_references(entries, known),
        *_wrong_kinds(entries, known),
        *_misplaced_staff(entries, known),
        *_circles(entries, known),
    ]


def _duplicates(entries: Iterable[Entry]) -> Iterable[str]:
    first: dict[tuple[str, str], str] = {}
    for entry in entries:
        key = (entry.kind, entry.record.key)
        if key in first:
            yield f"{entry.place}: {entry.record.key} stands already in {first[key]}"
        else:
            first[key] = entry.place


def _unknown_references(entries: list[Entry], known: Known) -> Iterable[str]:
    there: dict[str, set[str]] = {
        "site": set(known.sites),
        "unit": set(known.units),
        "resource": set(known.resources),
        "asset": set(known.assets),
        "device": set(known.parents),
        "credential": set(known.credentials),
    }
    for entry in entries:
        there.setdefault(entry.kind.removesuffix("s"), set()).add(entry.record.key)
    for entry in entries:
        for word, key in _references(entry.record):
            if key not in there[word]:
                yield f"{entry.place}: the {word} {key} is neither in the file nor in the catalogue"
        needs_site = isinstance(entry.record, ResourceRecord | DeviceRecord)
        if needs_site and not there["site"]:
            yield f"{entry.place}: there is no site yet; add one under sites"


def _references(record: Record) -> list[tuple[str, str]]:
    """What a record refers to: kind of thing and its key."""
    named: list[tuple[str, str | None]] = []
    if isinstance(record, MemberRecord | AgreementRecord):
        named = [("unit", record.unit)]
    elif isinstance(record, ResourceRecord):
        named = [
            ("site", record.site),
            ("unit", record.owner),
            ("resource", record.uplink),
            *(("resource", part.resource) for part in record.parts),
        ]
    elif isinstance(record, PartRecord):
        named = [("resource", record.whole), ("resource", record.part)]
    elif isinstance(record, AssetRecord):
        named = [("resource", record.resource)]
    elif isinstance(record, DeviceRecord):
        named = [
            ("site", record.site),
            ("resource", record.resource),
            ("asset", record.asset),
            ("device", record.parent),
            ("credential", record.snmp_credential),
            ("credential", record.ssh_credential),
        ]
    return [(word, key) for word, key in named if key is not None]


def _wrong_kinds(entries: list[Entry], known: Known) -> Iterable[str]:
    kinds = dict(known.resources)
    for entry in entries:
        if isinstance(entry.record, ResourceRecord):
            was = kinds.get(entry.record.code)
            if was is not None and was != entry.record.kind:
                yield f"{entry.place}: {entry.record.code} is a {was.value} and stays one"
            kinds[entry.record.code] = entry.record.kind
    yield from _wrong_credentials(entries, known)
    for entry in entries:
        if isinstance(entry.record, AssetRecord):
            kind = kinds.get(entry.record.resource)
            if kind is not None and kind is not ResourceKind.EQUIPMENT:
                yield (
                    f"{entry.place}: {entry.record.resource} is a {kind.value}; "
                    "assets are pieces of equipment"
                )


def _wrong_credentials(entries: list[Entry], known: Known) -> Iterable[str]:
    for entry in entries:
        record = entry.record
        if not isinstance(record, DeviceRecord):
            continue
        for name, is_ssh in ((record.snmp_credential, False), (record.ssh_credential, True)):
            kind = known.credentials.get(name) if name is not None else None
            if kind is not None and (kind is CredentialKind.SSH) != is_ssh:
                wanted = "SSH" if is_ssh else "SNMP"
                yield f"{entry.place}: the credential {name} is not for {wanted}"


def _misplaced_staff(entries: list[Entry], known: Known) -> Iterable[str]:
    centre = set(known.centre)
    for entry in entries:
        if isinstance(entry.record, UnitRecord) and "is_centre" in entry.record.given:
            change = centre.add if entry.record.is_centre else centre.discard
            change(entry.record.slug)
    for entry in entries:
        record = entry.record
        if isinstance(record, MemberRecord) and record.role in STAFF and record.unit not in centre:
            yield (
                f"{entry.place}: {record.role.value} is a role of the Centre's own unit, "
                f"and {record.unit} is not it"
            )


def edges(entries: Iterable[Entry], known: Known) -> dict[str, dict[str, str]]:
    """Whole → part → where it is said, once the file is written over what is known."""
    after = {whole: dict.fromkeys(parts, "the catalogue") for whole, parts in known.parts.items()}
    for entry in entries:
        record = entry.record
        if isinstance(record, ResourceRecord) and "parts" in record.given:
            after[record.code] = {part.resource: entry.place for part in record.parts}
    for entry in entries:
        if isinstance(entry.record, PartRecord):
            after.setdefault(entry.record.whole, {})[entry.record.part] = entry.place
    return after


def _circles(entries: list[Entry], known: Known) -> Iterable[str]:
    said = "the parts run in a circle"
    yield from circles(edges(entries, known), said)
    above: dict[str, dict[str, str]] = {
        name: {parent: "the catalogue"} for name, parent in known.parents.items() if parent
    }
    for entry in entries:
        record = entry.record
        if isinstance(record, DeviceRecord) and "parent" in record.given:
            above[record.name] = {record.parent: entry.place} if record.parent else {}
    yield from circles(above, "the devices are reached through each other")


def circles(after: Mapping[str, Mapping[str, str]], said: str) -> list[str]:
    """One sentence for each circle in `node → next node → where that is said`."""
    found: list[str] = []
    done: set[str] = set()

    def report(way: list[str], place: str) -> None:
        found.append(f"{place}: {said}: {' > '.join(way)}")

    for start in after:
        _follow(start, after, done, report)
    return found


def parents_first(entries: Iterable[Entry]) -> list[Entry]:
    """The records with every device behind the one it is reached through; no circle is there."""
    entries = list(entries)
    parents = {
        e.record.name: e.record.parent for e in entries if isinstance(e.record, DeviceRecord)
    }

    def depth(entry: Entry) -> int:
        steps, name = 0, entry.record.key if entry.kind == "devices" else None
        while name is not None:
            steps, name = steps + 1, parents.get(name)
        return steps

    return sorted(entries, key=depth)


def _follow(
    start: str,
    after: Mapping[str, Mapping[str, str]],
    done: set[str],
    report: Callable[[list[str], str], None],
) -> None:
    """Walk the parts below `start` without recursion; report each way that meets itself."""
    way: list[str] = []
    steps = [(start, iter(after.get(start, {}).items()))]
    if start in done:
        return
    way.append(start)
    while steps:
        whole, parts = steps[-1]
        part, place = next(parts, (None, ""))
        if part is None:
            steps.pop()
            way.pop()
            done.add(whole)
        elif part in way:
            report([*way[way.index(part) :], part], place)
        elif part not in done:
            steps.append((part, iter(after.get(part, {}).items())))
            way.append(part)
