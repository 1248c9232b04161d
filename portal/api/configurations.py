"""Configurations of a device over the API: the versions, one of them redacted, and a diff."""

from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import Field

from monitoring import config_backups, config_versions, devices
from monitoring.models import ConfigVersion
from portal.access import may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Query
from portal.api.instants import local
from portal.pages import configurations

room = Blueprint("api_configurations", __name__)


class VersionAnswer(Answer):
    """A version of the running configuration, without its text."""

    number: int
    began_at: str
    seen_at: str
    size_bytes: int
    lines: int
    digest: str = Field(description="SHA-256 of what it says, without noise and without secrets.")
    added: int | None
    removed: int | None
    changed_by: str | None
    changed_when: str | None


class VersionsAnswer(Answer):
    """The versions, the newest first, and how far running is from startup."""

    items: list[VersionAnswer]
    total: int
    last_backup_at: str | None
    failure: str | None
    unsaved_lines: int | None


class VersionTextAnswer(VersionAnswer):
    """A version with its text; secrets are replaced by `<removed>`."""

    text: str


class ChangedLineAnswer(Answer):
    """A line that came or went, so many blocks below the path."""

    sign: Literal["+", "-"]
    depth: int
    text: str
    is_secret: bool = Field(description="Only the secret in it changed, which is not shown.")


class HunkAnswer(Answer):
    """What changed under one path of blocks."""

    path: list[str]
    lines: list[ChangedLineAnswer]


class DiffAnswer(Answer):
    """What differs between two sides; no hunks where both mean the same."""

    before: str
    after: str
    added: int
    removed: int
    hunks: list[HunkAnswer]


class DiffQuery(Query):
    """Two sides: the number of a version, or `startup`."""

    before: str = Field(alias="from", max_length=12)
    after: str = Field(alias="to", max_length=12)


def _version(version: ConfigVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "began_at": local(version.began_at),
        "seen_at": local(version.seen_at),
        **{
            name: getattr(version, name)
            for name in ("size_bytes", "lines", "digest", "added", "removed", "changed_by")
        },
        "changed_when": version.changed_when,
    }


@room.get("/devices/<int:device_id>/configurations")
@may("see devices")
@offers(Call("The versions of a configuration", "devices", answer=VersionsAnswer, refusals=(404,)))
def versions(device_id: int) -> Response:
    """The running configurations that are kept, the newest first."""
    device = devices.get(device_id)
    found = [_version(one) for one in config_versions.of(device.id)]
    state = config_backups.round_of(device.id)
    at = state.succeeded_at if state else None
    return answer(
        {
            "items": found,
            "total": len(found),
            "last_backup_at": local(at) if at else None,
            "failure": state.failure if state else None,
            "unsaved_lines": state.unsaved_lines if state else None,
        }
    )


@room.get("/devices/<int:device_id>/configurations/<int:version_number>")
@may("see devices")
@offers(
    Call(
        "A version of a configuration, redacted",
        "devices",
        answer=VersionTextAnswer,
        refusals=(404, 409),
    )
)
def version(device_id: int, version_number: int) -> Response:
    """Its text without secrets. The journal notes who asked."""
    device = devices.get(device_id)
    found = config_versions.get(device, version_number)
    text = config_versions.shown(found, configurations.keyring())
    configurations.noted(device, "configuration_seen", number=version_number)
    return answer({**_version(found), "text": text})


@room.get("/devices/<int:device_id>/configurations/diff")
@may("see devices")
@offers(
    Call(
        "What differs between two configurations",
        "devices",
        answer=DiffAnswer,
        refusals=(404, 409),
    )
)
def diff(device_id: int, query: DiffQuery) -> Response:
    """Block by block; moved lines and noise are no change. The journal notes who asked."""
    device = devices.get(device_id)
    compared = configurations.compared(device, query.before, query.after)
    return answer(
        {
            "before": query.before,
            "after": query.after,
            "added": compared.came,
            "removed": compared.went,
            "hunks": [
                {
                    "path": list(hunk.path),
                    "lines": [
                        {
                            "sign": line.sign,
                            "depth": line.depth,
                            "text": line.text,
                            "is_secret": line.is_secret,
                        }
                        for line in hunk.lines
                    ],
                }
                for hunk in compared.hunks
            ],
        }
    )
