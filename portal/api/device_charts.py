"""Charts of a device over the API: what can be drawn, and the samples of one key."""

from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from config import clock
from monitoring import charts, devices
from monitoring.charts import Level
from monitoring.errors import BadDevice
from monitoring.rolling import SeriesKind
from portal.access import may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Instant, Query
from portal.api.instants import local
from portal.jobs import settings_here
from rental.period import Period

room = Blueprint("api_device_charts", __name__)

LONGEST_DAYS = 3660


class ChartQuery(Query):
    """A key that `charts` names, and a period; `step` chooses a level, else its length does."""

    of: str = Field(max_length=300)
    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")
    step: Level | None = None
    limit: int = Field(default=charts.LIMIT, ge=1, le=10_000)


class ChartKeyAnswer(Answer):
    """Something that can be drawn; an interface stands for both directions."""

    key: str
    kind: str
    name: str | None
    unit: str | None


class SampleAnswer(Answer):
    """What was measured around a time; null where nothing was."""

    at: str
    mean: float | None
    low: float | None
    high: float | None


class ChartLineAnswer(Answer):
    """One line of the chart."""

    kind: SeriesKind
    name: str | None
    unit: str | None
    samples: list[SampleAnswer]


class ChartAnswer(Answer):
    """The lines of a key, and from which level they were read."""

    of: str
    step: Level
    lines: list[ChartLineAnswer]


@room.get("/devices/<int:device_id>/charts")
@may("see devices")
@offers(Call("What can be drawn", "devices", answer=ChartKeyAnswer, refusals=(404,), is_list=True))
def chart_keys(device_id: int) -> Response:
    """By the layout that the device has now."""
    found = [
        {
            "key": key,
            "kind": charts.PORT if one.kind is SeriesKind.IN else one.kind.value,
            "name": one.name,
            "unit": one.unit,
        }
        for key, one in charts.keys(devices.get(device_id)).items()
    ]
    return answer({"items": found, "total": len(found)})


@room.get("/devices/<int:device_id>/chart")
@may("see devices")
@offers(Call("The samples of a chart", "devices", answer=ChartAnswer, refusals=(404, 422)))
def chart(device_id: int, query: ChartQuery) -> Response:
    """Polls for six hours at most, buckets of five minutes for 14 days, else of an hour."""
    device, period = devices.get(device_id), Period(query.starts_at, query.ends_at)
    if (period.ends_at - period.starts_at).days > LONGEST_DAYS:
        raise BadDevice("Ask for ten years at most.")
    settings = settings_here()
    days = {Level.POLL: settings.readings_days, Level.FIVE_MINUTES: settings.five_minute_days}
    level = query.step or charts.level_for(period, clock.now(), days)
    if (
        level is Level.POLL
        and period.ends_at - period.starts_at > charts.LONGEST[Level.FIVE_MINUTES]
    ):
        raise BadDevice("Ask for 14 days of polls at most, or for longer steps.")
    lines = charts.lines(device, query.of, period, level, limit=query.limit)
    return answer({"of": query.of, "step": level, "lines": [_line_as_json(one) for one in lines]})


def _line_as_json(line: charts.Line) -> dict[str, Any]:
    return {
        "kind": line.series.kind,
        "name": line.series.name,
        "unit": line.series.unit,
        "samples": [
            {"at": local(one.at), "mean": one.mean, "low": one.low, "high": one.high}
            for one in line.samples
        ],
    }
