"""Why a violation stands where it stands: what makes its risk, in a few words each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from config import clock
from monitoring.risk import Exposure, Nearness, Risk, Use
from portal.pages import formats

# What stood for a week has been looked at often enough.
LONG = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Chip:
    """One reason as a badge: tone and icon never speak without the word."""

    tone: str
    icon: str
    word: str


def chips(risk: Risk) -> list[Chip]:
    """The reasons of a risk, what presses most first."""
    found = [_of_use(risk.nearness, risk.stance.use)] if risk.stance.use else []
    found += [_of_exposure(each, is_marked=risk.stance.is_marked) for each in risk.stance.exposures]
    if risk.age >= LONG:
        open_for = _("Open for %(span)s", span=formats.duration(risk.age))
        found.append(Chip("calm", "hourglass", open_for))
    return [chip for chip in found if chip is not None]


def _of_use(near: Nearness, use: Use) -> Chip | None:
    if near is Nearness.LIVE:
        return Chip("bad", "presentation", _("In use now, until %(time)s", time=_at(use.ends_at)))
    starts = _at(use.starts_at)
    if near is Nearness.HOUR:
        return Chip(
            "warn", "calendar-time", _("In use within the hour, from %(time)s", time=starts)
        )
    if near is Nearness.DAY:
        return Chip("info", "calendar-event", _("In use from %(time)s", time=starts))
    return None


def _at(instant: datetime) -> str:
    """The time alone where it is today."""
    if formats.local(instant).date() == clock.today():
        return formats.time(instant)
    return f"{formats.short_day(instant)} {formats.time(instant)}"


def _of_exposure(exposure: Exposure, *, is_marked: bool) -> Chip:
    tone, icon, word = {
        Exposure.PUBLIC: ("warn", "world", _("Reachable from the Internet")),
        Exposure.RENTERS: ("plum", "users", _("Renters reach it")),
        Exposure.SHARED: ("plum", "topology-star", _("Others are reached through it")),
        Exposure.INTERNAL: ("calm", "lock", _("Internal only")),
    }[exposure]
    return Chip(tone, icon, _("%(what)s (marked)", what=word) if is_marked else word)


FOR_TEMPLATES: dict[str, Any] = {"risk_chips": chips}
