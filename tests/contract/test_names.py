"""The Python names that scripts import, by the published vectors and plain values alone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from billing import metering, vietqr, words
from config.errors import Invalid
from monitoring import policy, redaction
from rental import availability, recurrence
from rental.period import Period


def march(day, month=3):
    return datetime(2024, month, day, tzinfo=UTC)


POOL = [(march(21), march(1, 4), 3), (march(10), march(25), 2), (march(23), march(6, 4), 2)]
LEFT = [(1, 7), (10, 5), (21, 2), (23, 0), (25, 2), (1, 5), (6, 7)]


@pytest.mark.parametrize("kind", [Period, lambda *ends: ends])
def test_a_pool_of_seven_is_free_by_its_peak(kind):
    segments = availability.free_segments(7, POOL, kind(march(1), march(10, 4)))
    assert [(starts_at.day, free) for starts_at, _ends_at, free in segments] == LEFT
    assert segments[0].starts_at == march(1)
    assert segments[-1].ends_at == march(10, 4)


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ((march(10), march(1)), "reversed"),
        ((march(1), march(1)), "empty"),
        ((datetime(2024, 3, 1), datetime(2024, 3, 2)), "naive"),  # noqa: DTZ001
    ],
)
def test_a_period_that_is_none_is_refused(period, reason):
    with pytest.raises(Invalid):
        availability.free_segments(1, [], period)


def test_turnaround_is_the_callers_and_ends_that_touch_do_not_overlap():
    taken = [(march(2), march(4), 1)]
    for ends, free in (((1, 2), 1), ((1, 3), 0), ((2, 4), 0), ((3, 5), 0), ((4, 5), 1)):
        wanted = Period(march(ends[0]), march(ends[1]))
        assert availability.free_stock(1, taken, wanted) == free


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (105, "một trăm lẻ năm"),
        (21, "hai mươi mốt"),
        (7378, "bảy nghìn ba trăm bảy mươi tám"),
        (-5, "âm năm"),
        (-1_500_000, "âm một triệu năm trăm nghìn"),
        (10**15, "một triệu tỷ"),
        (10**18, "một tỷ tỷ"),
    ],
)
def test_amounts_are_said_as_accountants_say_them(n, said):
    assert words.in_vietnamese(n) == said


def test_the_published_transfer_code_is_written_and_a_wrong_digit_refused():
    text = vietqr.payload("970416", "257678859", 1000, purpose="Chuyen tien")
    assert text.endswith("6304BBB8")
    assert vietqr.parse(text).account == "257678859"
    assert vietqr.parse(text[:-4] + "bbb8").amount == 1000
    with pytest.raises(Invalid):
        vietqr.parse(text[:-1] + "5")


def test_a_long_vietnamese_purpose_fits_into_the_code():
    text = vietqr.payload("970416", "257678859", 1000, "IV1", "Thanh toán tiền thuê hội trường")
    assert vietqr.parse(text).purpose == "Thanh toan tien thue hoi"


def test_what_was_not_measured_is_not_zero():
    assert metering.percentile_95([None, 4, None]) == 4
    for nothing in ([], [None]):
        with pytest.raises(Invalid):
            metering.percentile_95(nothing)


def test_a_series_keeps_the_wall_clock_and_a_rule_without_a_date_is_refused():
    zone = ZoneInfo("Europe/Helsinki")
    first, until = datetime(2024, 3, 25, 10, tzinfo=zone), datetime(2024, 4, 2, tzinfo=zone)
    found = recurrence.dates("FREQ=WEEKLY", first, zone, until)
    assert [moment.isoformat() for moment in found] == [
        "2024-03-25T10:00:00+02:00",
        "2024-04-01T10:00:00+03:00",
    ]
    with pytest.raises(Invalid):
        recurrence.dates("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", first, zone, until)


def test_a_configuration_is_judged_and_cleaned_without_a_device():
    text = "hostname SW1\nsnmp-server community public RO\nline vty 0 4\n transport input telnet\n"
    findings = policy.evaluate(policy.load(), policy.evidence_from("cisco_ios", text))
    results = {finding.rule: finding.result for finding in findings}
    assert results["N01"] == results["N03"] == "fail"
    clean = redaction.redact("cisco_ios", text)
    assert "public" not in clean
    assert clean.count("\n") == text.count("\n")
    assert redaction.redact("cisco_ios", clean) == clean
