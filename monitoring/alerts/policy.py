"""`config/alerts/*.yml`: who is told of what, over which channel, and when again."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from config import documents
from monitoring.models import DeviceRole
from monitoring.models.alerts import AlertKind
from monitoring.rules import Severity

FOLDER = documents.HOME / "alerts"
OURS = (AlertKind.OUTAGE, AlertKind.PROBLEM, AlertKind.VIOLATION)

Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = get_args(Day)


class _Model(BaseModel):
    """Knows every key."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Channel(_Model):
    """A way to reach people or programs. Its secrets come from the environment."""

    name: Name
    kind: Literal["email", "telegram", "webhook", "alertmanager"]
    url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$", max_length=300)
    # The chat of Telegram's bot.
    chat: str | None = Field(default=None, pattern=r"^-?\d{1,20}$|^@\w{3,40}$")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs_url = self.kind in ("webhook", "alertmanager")
        if needs_url != (self.url is not None):
            raise ValueError("a webhook or alertmanager, and nothing else, has a `url`")
        if (self.kind == "telegram") != (self.chat is not None):
            raise ValueError("telegram, and nothing else, has a `chat`")
        return self


class Tell(_Model):
    """Over this channel; by mail to whom."""

    channel: Name
    # `on-call`, `operators`, or addresses of members.
    to: tuple[Annotated[str, StringConstraints(min_length=3, max_length=200)], ...] = ()


class Hours(_Model):
    """Only then; what still stands when the hours begin is told then."""

    from_: time = Field(alias="from")
    to: time
    days: tuple[Day, ...] = DAYS

    def hold(self, at: datetime) -> bool:
        """Whether a local instant lies within; hours may go over midnight."""
        now, day = at.time(), DAYS[at.weekday()]
        if self.from_ <= self.to:
            return day in self.days and self.from_ <= now < self.to
        before = DAYS[(at - timedelta(days=1)).weekday()]
        return (day in self.days and now >= self.from_) or (before in self.days and now < self.to)


class Escalation(_Model):
    """Who else is told when nobody has acknowledged for so long."""

    after_minutes: int = Field(ge=1, le=10_080)
    tell: tuple[Tell, ...] = Field(min_length=1)


class Route(_Model):
    """Which alerts go where. Every route that fits is followed."""

    name: Name
    kinds: tuple[AlertKind, ...] = OURS
    severities: tuple[Severity, ...] = tuple(Severity)
    roles: tuple[DeviceRole, ...] = ()
    sites: tuple[str, ...] = ()
    # Only while an event runs on the device.
    live_only: bool = False
    hours: Hours | None = None
    tell: tuple[Tell, ...] = Field(min_length=1)
    repeat_minutes: int | None = Field(default=None, ge=5, le=10_080)
    escalate: tuple[Escalation, ...] = ()
    resolved: bool = True


class AlertPolicy(_Model):
    """A file of `config/alerts`."""

    channels: tuple[Channel, ...] = ()
    routes: tuple[Route, ...] = ()
    source: str | None = None

    @model_validator(mode="after")
    def _names(self) -> Self:
        kinds = {channel.name: channel.kind for channel in self.channels}
        if len(kinds) < len(self.channels):
            raise ValueError("two channels bear one name")
        if len({route.name for route in self.routes}) < len(self.routes):
            raise ValueError("two routes bear one name")
        for route in self.routes:
            for tell in _tells(route):
                if tell.channel not in kinds:
                    raise ValueError(f"route {route.name!r}: no channel {tell.channel!r}")
                if kinds[tell.channel] == "alertmanager":
                    raise ValueError("Alertmanager hears of everything; name it in no route")
                if (kinds[tell.channel] == "email") != bool(tell.to):
                    raise ValueError(f"route {route.name!r}: mail, and nothing else, has `to`")
        return self

    def channel(self, name: str) -> Channel | None:
        """The channel of this name."""
        return next((one for one in self.channels if one.name == name), None)


def _tells(route: Route) -> Iterator[Tell]:
    yield from route.tell
    for step in route.escalate:
        yield from step.tell


@lru_cache
def policy(folder: Path = FOLDER) -> AlertPolicy:
    """All files of the folder as one; raises BadDocument with file and line."""
    files = documents.read_folder(folder, AlertPolicy)
    return AlertPolicy(
        channels=tuple(channel for file in files for channel in file.channels),
        routes=tuple(route for file in files for route in file.routes),
    )
