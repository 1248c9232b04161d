"""From what an agent sends to what it means."""

import pytest

from monitoring.probes import values


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"eth0\x00\x00", "eth0"),  # padded with NUL, which PostgreSQL does not keep
        (b"  ", None),  # an empty name is no name
        ("Phòng họp".encode(), "Phòng họp"),  # UTF-8
        (b"Caf\xe9", "Café"),  # an older agent's Latin-1
        (7, None),  # not text at all
    ],
)
def test_text_is_trimmed_and_kept_readable(sent, meant):
    assert values.text(sent) == meant


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"\x00\x1b\x02\x03\x04\x05", "00:1b:02:03:04:05"),  # octets, zero-padded
        (b"0:1b:2:3:4:5", "00:1b:02:03:04:05"),  # text, not padded
        (b"", None),  # a loopback has none
        (b"hello, world", None),  # garbage
    ],
)
def test_a_hardware_address_is_zero_padded(sent, meant):
    assert values.mac(sent) == meant


@pytest.mark.parametrize(
    ("high", "low", "bps"),
    [
        (10_000, 4_294_967_295, 10_000_000_000),  # ifHighSpeed knows
        (0, 64_000, 64_000),  # a slow line rounds to 0 Mb/s
        (None, 100_000_000, 100_000_000),  # no ifXTable
        (None, 4_294_967_295, None),  # "faster than I can tell"
        (0, 0, 0),  # a tunnel says 0
        (None, None, None),  # nothing told
    ],
)
def test_speed_prefers_the_high_speed_column(high, low, bps):
    assert values.speed_bps(high, low) == bps


@pytest.mark.parametrize(
    ("value", "scale", "precision", "meant"),
    [
        (235, 9, 1, 23.5),  # units with one decimal
        (3300, 8, 0, 3.3),  # milli
        (2, 10, 0, 2000.0),  # kilo
        (42, 9, -2, 42.0),  # negative precision says how many digits are exact
        (1_000_000_000, 9, 0, None),  # overflow
        (None, 9, 0, None),
    ],
)
def test_a_sensor_is_scaled_by_its_own_columns(value, scale, precision, meant):
    assert values.sensor(value, values.sensor_exponent(scale, precision)) == meant


def test_unknown_statuses_are_unknown_and_missing_ones_missing():
    assert values.oper_status(7) == "lowerLayerDown"
    assert values.oper_status(99) == "unknown"
    assert values.admin_status(None) is None


def test_a_32_bit_size_that_went_negative_is_repaired():
    assert values.unsigned(-1) == 4_294_967_295


YEAR = 365 * 24 * 3600


@pytest.mark.parametrize(
    ("before", "after", "rebooted"),
    [
        (1000.0, 1030.0, False),  # time goes on
        (50_000.0, 12.0, True),  # it fell
        (values.TICKS_SECONDS - 10, 12.0, False),  # it was full after 497 days
        (None, 12.0, False),  # never seen before
        (50_000.0, None, False),  # not told
    ],
)
def test_a_reboot_is_an_uptime_that_fell_unless_it_was_full(before, after, rebooted):
    assert values.has_rebooted(before, after) is rebooted


def test_past_497_days_the_engine_time_tells_the_turns():
    seconds = 2 * YEAR
    ticks = int(seconds * 100) % values.TICKS
    assert values.uptime_seconds(ticks, seconds + 40) == pytest.approx(seconds, abs=0.01)
    assert values.uptime_seconds(ticks, None) == ticks / 100
    # An engine time that contradicts by something else than whole turns is not believed.
    assert values.uptime_seconds(100, 2 * YEAR) == 1.0
