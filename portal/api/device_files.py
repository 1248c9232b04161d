"""Many devices over the API: from a file, looked at with `?preview=1`, and into one."""

from collections.abc import Callable
from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import Field

from config import clock
from monitoring import devices
from monitoring.models import DeviceRole, DeviceStatus
from portal import uploads
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Query, Slug, Text
from portal.idempotency import once
from portal.pages import exports
from portal.pages.device_files import giving, importing
from portal.pages.device_files.drafts import Draft
from portal.pages.device_imports import sent_file

room = Blueprint("api_device_files", __name__)


class DeviceImportQuery(Query):
    """Whether only to look."""

    preview: bool = False


class DeviceImportForm(Query):
    """No field but the file."""


class DeviceChange(Answer):
    """One field that a row changes, as files write it; empty where nothing stands."""

    field: str
    was: str
    becomes: str


class DeviceRow(Answer):
    """One row of the file, by the number a spreadsheet shows beside it; in YAML its line."""

    row: int
    name: str | None
    verdict: Literal["new", "changed", "unchanged", "wrong"]
    changes: list[DeviceChange]
    problems: list[str]
    notes: list[str]


class DeviceImportAnswer(Answer):
    """What became of the file, or would become of it."""

    digest: str = Field(description="Of the file and of what becomes of it.")
    filename: str
    preview: bool
    good: bool = Field(description="Whether all of it can be taken in.")
    rows: list[DeviceRow]


@room.post("/imports/devices")
@uploads.takes_files()
@may("manage devices")
@offers(Call("Import devices", "devices", answer=DeviceImportAnswer, status=201, refusals=(409,)))
@once
def import_devices(query: DeviceImportQuery, form: DeviceImportForm) -> Response:  # noqa: ARG001
    """CSV, XLSX or YAML, all devices or none. 200 with `preview=1`, which writes nothing."""
    sent = sent_file()
    if query.preview:
        return answer(_told(sent.filename, importing.preview(sent), is_preview=True))
    return answer(
        _told(sent.filename, importing.take_in(sent, by=current_member()), is_preview=False), 201
    )


def _told(filename: str, draft: Draft, *, is_preview: bool) -> dict[str, Any]:
    return {
        "digest": draft.digest,
        "filename": filename,
        "preview": is_preview,
        "good": draft.is_good,
        "rows": importing.told(draft),
    }


class DevicesExportQuery(Query):
    """Filters as those of the inventory."""

    site: Slug | None = None
    role: DeviceRole | None = None
    status: DeviceStatus | None = None
    q: Text | None = Field(default=None, max_length=200)
    tag: Text | None = Field(default=None, max_length=40)
    retired: bool | None = False


def _export(form: str) -> Callable[..., Any]:
    def export(query: DevicesExportQuery) -> Response:
        """By name; the file can be imported again."""
        wanted = query.model_dump(exclude={"retired"})
        found = devices.search(devices.Wanted(**wanted, is_retired=query.retired))
        return exports.written(
            f"devices-{clock.today().isoformat()}.{form}",
            giving.MEDIA_TYPES[form],
            lambda out: giving.write(found, form, out, spoken=False),
        )

    return export


for _form, _media_type in giving.MEDIA_TYPES.items():
    _call = Call(f"Export devices as {_form.upper()}", "devices", answer=_media_type)
    room.add_url_rule(
        f"/exports/devices.{_form}",
        f"export_devices_{_form}",
        may("manage devices")(offers(_call)(_export(_form))),
    )
