"""Wi-Fi networks for guests as operators describe them, and what a credential is made of. Pure."""

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import Line
from rental.period import Period

FOLDER = documents.HOME / "guests"

# Nothing that is read as something else: no i, l, o, 0, 1. 16 of 31 signs are 79 bits.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4
# What the text of a Wi-Fi code keeps for itself (ZXing, "Wi-Fi Network config").
SPECIAL = re.compile(r'([\\;,:"])')
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")


class GuestLogin(StrEnum):
    """How a guest's device is let in."""

    # WPA2 Enterprise: TTLS with PAP inside.
    EAP = "eap"
    # An open network with a page that asks.
    PORTAL = "portal"


def _fits_a_beacon(ssid: str) -> str:
    if not 1 <= len(ssid.encode()) <= 32 or not ssid.isprintable():
        raise ValueError("an SSID has 1 to 32 bytes, all of them visible")  # what pydantic wants
    return ssid


class GuestNetwork(BaseModel):
    """A network, the resources that offer it, and how long before and after an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    ssid: Annotated[str, AfterValidator(_fits_a_beacon)]
    login: GuestLogin
    resources: tuple[str, ...] = Field(min_length=1)
    devices: int = Field(default=100, ge=1, le=10_000)
    hidden: bool = False
    ready_hours: int = Field(default=24, ge=1, le=720)
    lead_minutes: int = Field(default=120, ge=0, le=1440)
    lag_minutes: int = Field(default=60, ge=0, le=1440)

    @property
    def ready(self) -> timedelta:
        """How long before the first line its credential is made."""
        return max(timedelta(hours=self.ready_hours), timedelta(minutes=self.lead_minutes))

    def spans(self, lines: Iterable[Line]) -> list[Period]:
        """When a booking's guests are let in, by its lines; what touches is one span."""
        lead, lag = timedelta(minutes=self.lead_minutes), timedelta(minutes=self.lag_minutes)
        found: list[Period] = []
        mine = [line for line in lines if line.resource.code in self.resources]
        for line in sorted(mine, key=lambda one: (one.starts_at, one.ends_at)):
            span = Period(line.starts_at - lead, line.ends_at + lag)
            if found and span.starts_at <= found[-1].ends_at:
                before = found.pop()
                span = Period(before.starts_at, max(before.ends_at, span.ends_at))
            found.append(span)
        return found


class GuestTerms(Dated):
    """One file of `config/guests`."""

    code: str
    title: dict[Literal["vi", "en"], str]
    source: str
    sample: bool = False
    networks: tuple[GuestNetwork, ...]


@cache
def terms() -> tuple[GuestTerms, ...]:
    """Every file of `config/guests`; raises BadDocument where a network is described twice."""
    found = tuple(documents.read_folder(FOLDER, GuestTerms))
    for nth, one in enumerate(found):
        codes = [network.code for network in one.networks]
        for other in found[:nth]:
            if one.overlaps(other):
                codes += [network.code for network in other.networks]
        doubles = sorted({code for code in codes if codes.count(code) > 1})
        if doubles:
            raise BadDocument(
                f"{FOLDER}: the networks {', '.join(doubles)} are described twice for the same "
                "day; end one first"
            )
    return found


def networks_on(day: date) -> list[GuestNetwork]:
    """The networks of a day; none where no file is in force."""
    return [network for one in terms() if one.holds_on(day) for network in one.networks]


def passphrase() -> str:
    """A new one that is easy to read out: `k7mp-x3qd-hw8r-ztc4`."""
    groups = ("".join(secrets.choice(SIGNS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def username(reference: str, taken: Sequence[str] = ()) -> str:
    """The name of a booking's guests: `bk-4t9qw2m7`; for a second network `bk-4t9qw2m7-2`."""
    plain = "bk-" + re.sub(r"[^a-z0-9]", "", reference.lower().removeprefix("bk-"))
    found, nth = plain, 1
    while found in taken:
        nth += 1
        found = f"{plain}-{nth}"
    return found


def escaped(text: str) -> str:
    """A value in the text of a Wi-Fi code; in quotes where it could be read as hexadecimal."""
    safe = SPECIAL.sub(r"\\\1", text)
    return f'"{safe}"' if HEXADECIMAL.fullmatch(text) else safe


def wifi_text(ssid: str, login: GuestLogin, name: str, secret: str, *, is_hidden: bool) -> str:
    """What a Wi-Fi code says: a camera joins the network by it (ZXing's `WIFI:` form)."""
    parts = ["T:nopass", f"S:{escaped(ssid)}"]
    if login is GuestLogin.EAP:
        parts = ["T:WPA2-EAP", f"S:{escaped(ssid)}", "E:TTLS", "PH2:PAP"]
        parts += [f"I:{escaped(name)}", f"P:{escaped(secret)}"]
    if is_hidden:
        parts.append("H:true")
    return "WIFI:" + "".join(f"{part};" for part in parts) + ";"
