"""The quick pass clears nothing that the full judgement would mark."""

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from monitoring.models import DeviceRole, Platform
from monitoring.suspects import Suspicion
from monitoring.thresholds import Level, Limits
from monitoring.watches import Subject, Threshold, ThresholdFile, watches
from monitoring.watching import numbers
from tests.monitoring.test_watching import LAYOUT, told

AMOUNTS = st.one_of(
    st.none(),
    st.integers(-5, 130).map(float),
    st.floats(-1e6, 1e10),
    st.sampled_from([1.0, 2.0, 350.0, 349.99999999, 35.0, 85.0]),
)
ENDS = st.sampled_from([-10.0, 0.0, 0.1, 0.3, 1.0, 2.0, 35.0, 85.0, 97.0])


@st.composite
def files(draw) -> ThresholdFile:
    """An entry for each subject, with limits of any kind."""
    entries = []
    for subject in Subject:
        steps = sorted(draw(st.sets(ENDS, min_size=3, max_size=3)))
        below = draw(st.booleans())
        clear, warning, critical = reversed(steps) if below else steps
        limits = Limits(
            direction="below" if below else "above",
            clear=draw(st.sampled_from([clear, None])),
            warning=warning,
            critical=draw(st.sampled_from([critical, None])),
        )
        entries.append(Threshold(of=subject, limits=limits, source="test"))
    return ThresholdFile(thresholds=tuple(entries))


READINGS = st.lists(AMOUNTS, min_size=len(told()), max_size=len(told()))


@given(files(), READINGS, READINGS, st.sampled_from([1.0, 30.0, 899.0]))
def test_what_the_quick_pass_clears_is_well(file, now, was, seconds):
    suspicion = Suspicion.of(watches(LAYOUT, DeviceRole.SWITCH, Platform.CISCO_IOS, file))
    found = suspicion.found(numbers(now), numbers(was), seconds)
    for watch in suspicion.watches:
        value = watch.value(now, was, seconds)
        if value is not None and watch.limits.level(value) is not Level.WELL:
            assert watch in found, (watch, value)


def test_a_device_that_is_well_is_cleared_whole():
    file = ThresholdFile.model_validate(
        {
            "thresholds": [
                {"of": of, "limits": {"warning": 85}, "source": "test"}
                for of in ("processor", "storage", "interface_use", "interface_errors")
            ]
        }
    )
    suspicion = Suspicion.of(watches(LAYOUT, DeviceRole.SWITCH, Platform.CISCO_IOS, file))
    well = numbers(told(cached=10.0))
    assert suspicion.watches
    assert suspicion.found(well, well, 30.0) == []


def test_what_is_not_told_is_not_a_number():
    assert str(numbers([1.0, None])[1]) == str(nan)


def test_a_full_disk_past_32_bits_is_suspected_though_its_sizes_are_negative():
    file = ThresholdFile.model_validate(
        {"thresholds": [{"of": "storage", "limits": {"warning": 85}, "source": "test"}]}
    )
    found = watches(LAYOUT, DeviceRole.SWITCH, Platform.CISCO_IOS, file)
    watch = next(each for each in found if each.kind is Subject.STORAGE)
    now = list(told())
    now[watch.over], now[watch.at] = 3_000_000_000 - 2.0**32, 2_900_000_000 - 2.0**32
    suspicion = Suspicion.of([watch])
    assert suspicion.found(numbers(now), None, 30.0) == [watch]
    assert watch.limits.level(watch.value(now, None, 30.0)) is Level.WARNING
