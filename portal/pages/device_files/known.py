"""What rows may name: sites, resources, assets, credentials and devices, looked up once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring import credentials
from monitoring.models import Credential, CredentialKind, Device
from portal.pages.booking_files.columns import plain
from portal.pages.booking_files.errors import BadRow
from portal.pages.device_files.columns import squeezed
from rental import units
from rental.models import Asset, Resource, Site

Row = TypeVar("Row")


NO_SITE = "There is no site “{text}”; choose one of: {known}."
NO_RESOURCE = "There is no resource “{text}”; look it up in the catalogue."
NO_ASSET = "There is no asset with the tag “{text}”; look it up at the counter."
NO_CREDENTIAL = "There is no credential “{text}”; add it first, or choose one of: {known}."
WRONG_KIND = "The credential “{text}” is of another kind; choose one of: {known}."
MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that can be named, by code or name; in small letters where that is plain."""

    sites: Mapping[str, Site]
    # Where a device stands of which nothing else is said.
    first_site: Site | None
    resources: Mapping[str, Resource]
    assets: Mapping[str, Asset]
    credentials: Mapping[str, Credential]
    devices: Mapping[str, Device]
    # A name in small letters → as it stands there.
    spelled: Mapping[str, str]
    # Address and SNMP port of devices in use → the name of one.
    addresses: Mapping[tuple[str, int], str]

    def device(self, said: str) -> Device | None:
        """The device of this name, written as it stands there or with other spaces."""
        return self.devices.get(said) or self.devices.get(squeezed(said))

    def link(self, name: str, said: str) -> Any:
        """What a cell names, by the field it stands in; raises BadRow."""
        if name.endswith("_credential"):
            return self._credential(said, is_ssh=name == "ssh_credential")
        rows, template = {
            "site": (self.sites, NO_SITE),
            "resource": (self.resources, NO_RESOURCE),
            "asset": (self.assets, NO_ASSET),
        }[name]
        found = _found(rows, said)
        if found is None:
            raise _unknown(template, said, {site.slug for site in self.sites.values()})
        return found

    def _credential(self, said: str, *, is_ssh: bool) -> Credential:
        found: Credential | None = _found(self.credentials, said)
        if found is not None and (found.kind is CredentialKind.SSH) == is_ssh:
            return found
        fit = {
            c.name for c in self.credentials.values() if (c.kind is CredentialKind.SSH) == is_ssh
        }
        raise _unknown(NO_CREDENTIAL if found is None else WRONG_KIND, said, fit)


def _unknown(template: str, said: str, known: set[str]) -> BadRow:
    return BadRow(template, text=said[:80], known=sorted(known)[:MOST_NAMED] or ["–"])


def _found(rows: Mapping[str, Any], said: str) -> Any:
    return rows.get(said) or rows.get(plain(said))


def look_up() -> Known:
    """Everything as it stands now."""
    found, sites = _devices(), units.sites()
    assets = sa.select(Asset).options(joinedload(Asset.resource))
    return Known(
        sites=_by(sites, "name", "slug"),
        first_site=min(sites, key=lambda site: site.id, default=None),
        resources=_by(db.session.scalars(sa.select(Resource)), "name", "code"),
        assets=_by(db.session.scalars(assets), "tag"),
        credentials=_by(credentials.all_(), "name"),
        devices={squeezed(name): device for name, device in found.items()} | found,
        spelled={plain(name): name for name in found},
        addresses={
            (one.address, one.snmp_port): name
            for name, one in found.items()
            if one.retired_at is None
        },
    )


def _devices() -> dict[str, Device]:
    links = ("site", "parent", "resource", "asset", "snmp_credential", "ssh_credential")
    query = sa.select(Device).options(*(joinedload(getattr(Device, name)) for name in links))
    return {device.name: device for device in db.session.scalars(query)}


def _by(rows: Iterable[Row], *names: str) -> dict[str, Row]:
    """The rows by these names, the last of which wins; each also in small letters."""
    kept = list(rows)
    found: dict[str, Row] = {}
    for name in names:
        found |= {plain(getattr(row, name)): row for row in kept}
    return found | {getattr(row, names[-1]): row for row in kept}
