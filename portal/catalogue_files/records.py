"""What a catalogue file may say: one pydantic model for each kind of record."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from billing import buyers
from billing.errors import WrongBuyer
from billing.tariff import Tariff
from config import clock
from monitoring import devices
from monitoring.errors import BadDevice
from monitoring.models import DeviceRole, Platform
from rental import agreements
from rental.asking import MOST_PIECES
from rental.catalogue import CODE
from rental.models import (
    AgreementKind,
    AssetCondition,
    EventKind,
    ResourceKind,
    Role,
    TargetMeasure,
    UnitClass,
)

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def _plain(value: Any) -> Any:
    """Text as it is compared: composed (NFC), without space around it, on one line."""
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(c) == "Cc" for c in value):
        raise ValueError("a line break or control character stands in the text")
    return value


def _matching(pattern: re.Pattern[str], rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not an IANA time zone, such as Asia/Ho_Chi_Minh")
    return value


Plain = BeforeValidator(_plain)
Name = Annotated[str, Plain, Field(min_length=1, max_length=200)]
Slug = Annotated[str, Plain, _matching(SLUG, "1 to 40 lower-case letters, digits or dashes")]
Code = Annotated[
    str, Plain, _matching(CODE, "1 to 40 letters, digits, dots, dashes or underscores")
]
Email = Annotated[
    str, Plain, Field(max_length=200), _matching(EMAIL, "an address such as desk@centre.example")
]
Port = Annotated[int, Field(ge=1, le=65535)]
Minutes = Annotated[int, Field(ge=0, le=2880)]


def _short(longest: int) -> Any:
    return Annotated[str | None, Plain, Field(max_length=longest)]


class Record(BaseModel):
    """One record. What a file leaves out keeps its value where the record exists already."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The fields that tell one record from another.
    KEY: ClassVar[tuple[str, ...]] = ()

    @property
    def key(self) -> str:
        """The natural key, as it is compared and shown."""
        return " > ".join(str(getattr(self, field)) for field in self.KEY)

    @property
    def given(self) -> dict[str, Any]:
        """The values the file gives, by field."""
        return {field: getattr(self, field) for field in self.model_fields_set}


class SiteRecord(Record):
    """A place with resources."""

    KEY = ("slug",)
    slug: Slug
    name: Name
    zone: Annotated[str, Plain, AfterValidator(_zone)] = "Asia/Ho_Chi_Minh"


def _code(rule: Callable[[str | None], str | None]) -> Callable[[str | None], str | None]:
    """A rule of billing as pydantic hears it: the sentence without the family's machinery."""

    def check(value: str | None) -> str | None:
        try:
            return rule(value)
        except WrongBuyer as wrong:
            raise ValueError(wrong.message) from None

    return check


def _person(value: str | None) -> str | None:
    return buyers.personal_id(value, clock.today())


class UnitRecord(Record):
    """An organisation that rents."""

    KEY = ("slug",)
    slug: Slug
    name: Name
    unit_class: UnitClass = UnitClass.OTHER
    is_centre: bool = False
    tax_code: Annotated[str | None, Plain, AfterValidator(_code(buyers.tax_code))] = None
    budget_code: Annotated[str | None, Plain, AfterValidator(_code(buyers.budget_code))] = None
    personal_id: Annotated[str | None, Plain, AfterValidator(_code(_person))] = None
    invoice_name: _short(400) = None  # type: ignore[valid-type]
    invoice_email: Email | None = None
    address: _short(400) = None  # type: ignore[valid-type]
    email: Email | None = None
    phone: _short(40) = None  # type: ignore[valid-type]

    @model_validator(mode="before")
    @classmethod
    def _person_in_the_wrong_column(cls, values: Any) -> Any:
        """Twelve digits given as a tax code are a person's."""
        if isinstance(values, dict) and "personal_id" not in values:
            code = values.get("tax_code")
            if isinstance(code, str) and buyers.is_personal(code):
                return {**values, "tax_code": None, "personal_id": code}
        return values


class MemberRecord(Record):
    """A person of a unit."""

    KEY = ("email",)
    email: Email
    name: Name
    unit: Slug
    role: Role = Role.MEMBER
    locale: Annotated[str, Field(pattern="^(vi|en)$")] = "vi"
    is_active: bool = True

    @property
    def key(self) -> str:
        """Addresses are compared in lower case."""
        return self.email.lower()


class PartOf(BaseModel):
    """A part as a resource lists it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resource: Code
    quantity: Annotated[int, Field(ge=1, le=MOST_PIECES)] = 1


class ResourceRecord(Record):
    """A rentable thing. Where `parts` is given it is the whole list of its parts."""

    KEY = ("code",)
    code: Code
    kind: ResourceKind
    name: Name
    name_en: _short(200) = None  # type: ignore[valid-type]
    site: Slug | None = None
    # The unit that must agree where another books it.
    owner: Slug | None = None
    description: Annotated[str | None, Field(max_length=2000)] = None
    category: _short(80) = None  # type: ignore[valid-type]
    stock: Annotated[int, Field(ge=0, le=MOST_PIECES)] = 1
    turnaround_before_minutes: Minutes = 0
    turnaround_after_minutes: Minutes = 0
    seats: Annotated[int | None, Field(ge=1, le=MOST_PIECES)] = None
    mbps: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    tariff: _short(60) = None  # type: ignore[valid-type]
    is_retired: bool = False
    # Its stock is its Mbps, of which circuits that name it as their uplink take theirs.
    is_uplink: bool = False
    uplink: Code | None = None
    parts: tuple[PartOf, ...] = ()


class PartRecord(Record):
    """One part of a resource, as a line of its own."""

    KEY = ("whole", "part")
    whole: Code
    part: Code
    quantity: Annotated[int, Field(ge=1, le=MOST_PIECES)] = 1


class AssetRecord(Record):
    """One serialised piece of an equipment resource."""

    KEY = ("tag",)
    tag: Code
    resource: Code
    serial: _short(80) = None  # type: ignore[valid-type]
    condition: AssetCondition = AssetCondition.GOOD


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(
            "a device is addressed by number, such as 192.0.2.10 or 2001:db8::10"
        ) from None


def _tags(value: Any) -> Any:
    """Tags from a list, or from one cell in which commas part them."""
    words = [value] if isinstance(value, str) else [] if value is None else value
    try:
        return tuple(devices.tags_of(words)) if isinstance(words, list | tuple) else value
    except (BadDevice, AttributeError, TypeError) as wrong:
        raise ValueError("up to 20 tags, each a text of 40 characters at most") from wrong


class DeviceRecord(Record):
    """A monitored box. Its credentials are named; the file never holds a secret."""

    KEY = ("name",)
    name: Annotated[str, Plain, Field(min_length=1, max_length=80)]
    address: Annotated[str, Plain, AfterValidator(_address)]
    site: Slug | None = None
    role: DeviceRole = DeviceRole.OTHER
    platform: Platform = Platform.GENERIC
    snmp_port: Port = 161
    ssh_port: Port = 22
    needs_legacy_ssh: bool = False
    snmp_credential: _short(80) = None  # type: ignore[valid-type]
    ssh_credential: _short(80) = None  # type: ignore[valid-type]
    parent: _short(80) = None  # type: ignore[valid-type]
    resource: Code | None = None
    asset: Code | None = None
    is_enabled: bool = True
    vendor: _short(80) = None  # type: ignore[valid-type]
    model: _short(80) = None  # type: ignore[valid-type]
    serial: _short(80) = None  # type: ignore[valid-type]
    location: _short(160) = None  # type: ignore[valid-type]
    note: Annotated[str | None, Field(max_length=2000)] = None
    tags: Annotated[tuple[str, ...], BeforeValidator(_tags)] = ()


class TargetOf(BaseModel):
    """A yearly target as an agreement lists it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: Annotated[int, Field(ge=agreements.FIRST_YEAR, le=agreements.LAST_YEAR)]
    measure: TargetMeasure
    goal: Annotated[int, Field(ge=1, le=agreements.LARGEST_GOAL)]
    event_kind: EventKind | None = None
    resource_kind: ResourceKind | None = None


class AgreementRecord(Record):
    """What is agreed with a unit. Where `targets` is given it is the whole list; YAML only."""

    KEY = ("number",)
    number: Annotated[str, Plain, Field(min_length=1, max_length=60)]
    unit: Slug
    title: Name
    kind: AgreementKind
    signed_on: date | None = None
    valid_from: date
    valid_to: date | None = None
    rate_class: UnitClass | None = None
    discount_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)] = Decimal(0)
    note: _short(2000) = None  # type: ignore[valid-type]
    targets: Annotated[tuple[TargetOf, ...], Field(max_length=agreements.MOST_TARGETS)] = ()


class TariffRecord(Record, Tariff):
    """A dated price list, as `config/tariffs` keeps them; YAML only."""

    KEY = ("code",)
    code: Code


# In the order in which they are written: what is referred to comes first.
KINDS: Mapping[str, type[Record]] = {
    "sites": SiteRecord,
    "units": UnitRecord,
    "members": MemberRecord,
    "resources": ResourceRecord,
    "parts": PartRecord,
    "assets": AssetRecord,
    "devices": DeviceRecord,
    "agreements": AgreementRecord,
    "tariffs": TariffRecord,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One valid record and the place it stands: `units.csv, line 7`."""

    kind: str
    place: str
    record: Record
