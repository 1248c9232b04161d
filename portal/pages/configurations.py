"""Configurations of a device by version: what is kept, what one says, and what two differ in.

Nothing secret reaches a page: what is shown is redacted, and who looked is in the journal.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from config.database import transaction
from monitoring import config_backups, config_search, config_versions, devices
from monitoring.config_diff import Hunk
from monitoring.config_versions import Text
from monitoring.credentials import Keyring
from monitoring.errors import BadSearch, UnknownVersion
from monitoring.models import ConfigRound, ConfigSource, ConfigVersion, Device
from portal import keys
from portal.access import current_member, may
from portal.jobs import settings_here
from portal.pages import formats, reading
from portal.pages.reading import Listing
from portal.pages.sentences import spoken
from rental import journal

pages = Blueprint("configurations", __name__, url_prefix="/devices")

STARTUP = "startup"
# Beyond so many changed lines nobody reads on; the files are there to be compared.
MOST_LINES = 3000


def keyring() -> Keyring:
    """The keys that open what is kept."""
    return keys.keyring(settings_here())


def noted(device: Device, verb: str, **details: Any) -> None:
    """Write into the journal who looked at what."""
    with transaction():
        journal.record(device, verb, by=current_member(), **details)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a device's page says of its backups."""

    newest: ConfigVersion | None
    round: ConfigRound | None
    has_startup: bool

    @property
    def failure(self) -> str | None:
        """Why the last backup failed, if it did."""
        return self.round.failure if self.round else None

    @property
    def succeeded_at(self) -> datetime | None:
        """When the last good backup was."""
        return self.round.succeeded_at if self.round else None

    @property
    def unsaved(self) -> int | None:
        """Lines in which running and startup differ; None where that is unknown."""
        return self.round.unsaved_lines if self.round else None


def kept_of(device: Device) -> Kept | None:
    """The backups of a device; None where none are made."""
    if not config_backups.is_backed_up(device):
        return None
    return Kept(
        config_versions.newest(device.id),
        config_backups.round_of(device.id),
        config_versions.newest(device.id, ConfigSource.STARTUP) is not None,
    )


@pages.get("/<int:device_id>/configurations")
@may("see devices")
def index(device_id: int) -> str:
    """Every version that is kept, the newest first."""
    device = devices.get(device_id)
    return render_template(
        "configurations/index.html",
        device=device,
        versions=config_versions.of(device_id),
        kept=kept_of(device),
        days=settings_here().configuration_days,
    )


@pages.post("/<int:device_id>/configurations/ask")
@may("manage devices")
def ask(device_id: int) -> Answer:
    """Back it up now instead of within the hour."""
    with transaction():
        config_backups.ask_now(devices.get(device_id))
    flash(_("It is backed up within a minute; look again then."), "good")
    return redirect(url_for(".index", device_id=device_id))


@pages.get("/<int:device_id>/configurations/<int:version_number>")
@may("see devices")
def show(device_id: int, version_number: int) -> str:
    """One version without its secrets."""
    device = devices.get(device_id)
    version = config_versions.get(device, version_number)
    text = config_versions.shown(version, keyring())
    noted(device, "configuration_seen", number=version_number)
    return render_template(
        "configurations/show.html", device=device, version=version, lines=text.splitlines()
    )


@pages.get("/<int:device_id>/configurations/<int:version_number>.txt")
@may("see devices")
def download(device_id: int, version_number: int) -> Response:
    """One version without its secrets, as a file."""
    device = devices.get(device_id)
    text = config_versions.shown(config_versions.get(device, version_number), keyring())
    noted(device, "configuration_downloaded", number=version_number)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", device.name).strip("-.") or "device"
    filename = f"{name}-{version_number}.txt"
    return Response(
        text,
        mimetype="text/plain",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "no-store",
        },
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides and what they differ in."""

    before: ConfigVersion
    after: ConfigVersion
    hunks: list[Hunk]

    @property
    def came(self) -> int:
        """How many lines came."""
        return self._count("+")

    @property
    def went(self) -> int:
        """How many lines went."""
        return self._count("-")

    def _count(self, sign: str) -> int:
        return sum(line.sign == sign for hunk in self.hunks for line in hunk.lines)

    @property
    def readable(self) -> list[Hunk]:
        """The hunks up to the limit of a page; the last may be cut."""
        left, found = MOST_LINES, []
        for hunk in self.hunks:
            if left <= 0:
                break
            found.append(Hunk(hunk.path, hunk.lines[:left]))
            left -= len(hunk.lines)
        return found

    @property
    def unread(self) -> int:
        """How many changed lines are beyond the limit."""
        return max(0, self.came + self.went - MOST_LINES)


def side(device: Device, asked: str) -> ConfigVersion:
    """A version by its number, or the newest startup configuration; raises UnknownVersion."""
    if asked == STARTUP:
        startup = config_versions.newest(device.id, ConfigSource.STARTUP)
        if startup is None:
            raise UnknownVersion
        return startup
    if not re.fullmatch(r"[0-9]{1,10}", asked):
        raise UnknownVersion
    return config_versions.get(device, int(asked))


def compared(device: Device, asked_before: str, asked_after: str) -> Compared:
    """What differs between two sides; notes in the journal that somebody looked."""
    before, after = side(device, asked_before), side(device, asked_after)
    ring = keyring()
    texts: list[Text] = [config_versions.opened(one, ring) for one in (before, after)]
    noted(device, "configurations_compared", between=[asked_before, asked_after])
    return Compared(before, after, config_versions.hunks(*texts))


@pages.get("/<int:device_id>/configurations/diff")
@may("see devices")
def diff(device_id: int) -> str:
    """What differs between two versions, or between startup and running."""
    device = devices.get(device_id)
    versions = config_versions.of(device_id)
    newest = versions[0].number if versions else 1
    after = request.args.get("to") or str(newest)
    before = request.args.get("from") or str(versions[1].number if len(versions) > 1 else newest)
    return render_template(
        "configurations/diff.html",
        device=device,
        compared=compared(device, before, after),
        before=before,
        after=after,
        sides=_sides(device, versions),
    )


def _sides(device: Device, versions: list[ConfigVersion]) -> list[tuple[str, str]]:
    found = [
        (str(one.number), f"{one.number} · {formats.moment(one.began_at)}") for one in versions
    ]
    if config_versions.newest(device.id, ConfigSource.STARTUP) is not None:
        found.append((STARTUP, _("Startup configuration")))
    return found


@pages.get("/configurations")
@may("see devices")
def search() -> tuple[str, int]:
    """Which devices have a line like this in their newest configuration."""
    asked = request.args.get("q", "").strip()
    is_pattern = request.args.get("how") == "pattern"
    found, problem = None, ""
    if asked:
        try:
            found = config_search.search(asked, keyring(), is_pattern=is_pattern)
        except BadSearch as wrong:
            problem = spoken(wrong)
        else:
            with transaction():
                member = current_member()
                # Without the words: somebody may have searched for a secret.
                journal.record(member, "configurations_searched", by=member)
    page = reading.page_number()
    start = (page - 1) * reading.PER_PAGE
    matches = found.matches if found else []
    rows = [
        (match, config_search.hits(match, keyring()))
        for match in matches[start : start + reading.PER_PAGE]
    ]
    listing = Listing(rows, len(matches), page)
    shown = render_template(
        "configurations/search.html",
        asked=asked[: config_search.LONGEST],
        is_pattern=is_pattern,
        found=found,
        listing=listing,
        problem=problem,
    )
    return shown, 422 if problem else 200


FOR_TEMPLATES: dict[str, Any] = {"configurations_of": kept_of}
