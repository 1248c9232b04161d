"""Charts: the right level for a span, names followed, gaps stay gaps, lows and highs kept."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from config.database import db, transaction
from monitoring import charts, discovery
from monitoring.charts import Level, Sample
from monitoring.models import Device
from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import Core, Layout, Store
from monitoring.rolling import SeriesKind
from rental.period import Period
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rolling import ONE_PORT, a_port
from tests.monitoring.test_rollups import NOON, all_rolled, measured

DAYS = {Level.POLL: 90, Level.FIVE_MINUTES: 400}


def ending(length: timedelta, at: datetime = NOON) -> Period:
    return Period(at - length, at)


@pytest.mark.parametrize(
    ("length", "ago", "level"),
    [
        (timedelta(minutes=15), timedelta(), Level.POLL),
        (timedelta(hours=6), timedelta(), Level.POLL),
        (timedelta(hours=6, seconds=1), timedelta(), Level.FIVE_MINUTES),
        (timedelta(days=14), timedelta(), Level.FIVE_MINUTES),
        (timedelta(days=15), timedelta(), Level.HOUR),
        (timedelta(days=365), timedelta(), Level.HOUR),
        # Polls of a hundred days ago are gone; their roll-ups are not.
        (timedelta(hours=1), timedelta(days=100), Level.FIVE_MINUTES),
        (timedelta(hours=1), timedelta(days=500), Level.HOUR),
    ],
)
def test_a_span_is_read_from_the_finest_level_that_is_kept(length, ago, level):
    assert charts.level_for(ending(length, NOON - ago), NOON, DAYS) is level


def test_every_part_of_a_device_has_a_key_of_its_own():
    layout = Layout(
        ports=(a_port(), a_port("Gi0/2", 2)),
        cores=(Core(1, "CPU"), Core(2, "CPU"), Core(3, None)),
        stores=(Store(1, "/", 1),),
        gauges=(Gauge("Inlet", "temperature", "celsius", 0, "1.3"),),
    )
    assert charts.places(layout) == {
        "port:Gi0/1": (0, 1),
        "port:Gi0/2": (2, 3),
        "load:CPU": (4,),
        "load:CPU#2": (5,),
        "load:": (6,),
        "used:/": (7,),
        "sensor:Inlet": (8,),
    }


@pytest.fixture
def device(house) -> Device:
    with transaction():
        return a_device(1161)


def means(device: Device, key: str, period: Period, level: Level) -> list[list[float | None]]:
    return [
        [sample.mean for sample in line.samples]
        for line in charts.lines(device, key, period, level)
    ]


def test_each_level_tells_the_same_traffic(device):
    measured(device, range(0, 7200, 30))
    all_rolled(NOON + timedelta(hours=3))
    period = Period(NOON, NOON + timedelta(hours=3))
    for level, count in ((Level.POLL, 240), (Level.FIVE_MINUTES, 24), (Level.HOUR, 2)):
        into, out = charts.lines(device, "port:Gi0/1", period, level)
        assert (into.series.kind, out.series.kind) == (SeriesKind.IN, SeriesKind.OUT)
        told = [one for one in into.samples if one.mean is not None]
        assert {(one.mean, one.low, one.high) for one in told} == {(8000.0, 8000.0, 8000.0)}
        # The first poll has no rate: there is none before it.
        assert len(told) == count - (level is Level.POLL)
        assert charts.lines(device, "port:Gi9/9", period, level) == []


def test_a_name_is_followed_through_layouts_and_other_parts_are_told(device):
    other = Layout(ports=(a_port("Gi0/0", 1), a_port("Gi0/1", 2)))
    measured(device, range(0, 3600, 30))
    measured(device, range(3600, 7200, 30), layout=other, bps=16_000)
    all_rolled(NOON + timedelta(hours=3))
    period = Period(NOON, NOON + timedelta(hours=3))
    into, _ = means(device, "port:Gi0/1", period, Level.HOUR)
    assert into[0] == 8000.0
    assert into[1] > 15_000


def test_processors_storage_and_sensors_are_told_by_every_level(device):
    layout = Layout(
        ports=ONE_PORT.ports,
        cores=(Core(1, "CPU"),),
        stores=(Store(1, "/", 4096),),
        gauges=(Gauge("Inlet", "temperature", "celsius", -1, "1.3"),),
    )
    measured(device, range(0, 3600, 30), layout=layout, rest=(40.0, 200.0, 50.0, 215.0))
    all_rolled(NOON + timedelta(hours=2))
    period = Period(NOON, NOON + timedelta(hours=2))
    for level in Level:
        for key, value in (("load:CPU", 40.0), ("used:/", 25.0), ("sensor:Inlet", 21.5)):
            (line,) = means(device, key, period, level)
            assert set(line) == {value}, (level, key)


def test_where_nothing_was_measured_the_line_is_broken(device):
    measured(device, range(0, 600, 30))
    measured(device, range(3000, 3600, 30))
    into, _ = charts.lines(
        device, "port:Gi0/1", Period(NOON, NOON + timedelta(hours=1)), Level.POLL
    )
    empty = [sample.at for sample in into.samples if sample.mean is None]
    assert any(NOON + timedelta(seconds=600) < at < NOON + timedelta(seconds=3000) for at in empty)


def test_many_samples_become_few_that_keep_the_lowest_and_the_highest():
    period = ending(timedelta(days=1))
    samples = [
        Sample(period.starts_at + timedelta(minutes=n), 5.0, 5.0 - n % 7, 5.0 + n % 11)
        for n in range(1440)
    ]
    few = charts.thinned(samples, period, 48)
    assert len(few) == 48
    assert few[-1].at == samples[-1].at
    assert {(one.mean, one.low, one.high) for one in few} == {(5.0, -1.0, 15.0)}
    assert charts.thinned(samples[:48], period, 48) == samples[:48]
    assert charts.with_gaps([]) == []


def test_what_can_be_drawn_is_what_the_device_has_now(device):
    assert charts.keys(device) == {}
    with transaction():
        row_id = discovery.keep([ONE_PORT])[ONE_PORT.digest]
        db.session.execute(sa.update(Device).values(layout_id=row_id))
    db.session.refresh(device)
    assert list(charts.keys(device)) == ["port:Gi0/1"]


def test_a_day_of_polls_is_told_with_no_more_samples_than_are_asked_for(device):
    measured(device, range(0, 21_600, 10))
    into, out = charts.lines(
        device, "port:Gi0/1", Period(NOON, NOON + timedelta(hours=6)), Level.POLL, limit=100
    )
    assert len(into.samples) == len(out.samples) == 100
    assert into.samples[0].at.tzinfo is UTC
