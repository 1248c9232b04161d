"""Metered traffic of a line: frozen, sealed, charged, verified."""

import zlib
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from billing import charges, circuit_months, evidence_seal, invoices, metered, traffic
from billing.errors import BadTraffic, NotMetered, TrafficSealed
from billing.metered import CounterReading
from billing.models import ChargeKind, MeteredLine, TrafficEvidence, TrafficState
from billing.money import Money
from config import clock
from config.database import db
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Member
from rental.period import Period
from tests import build

pytestmark = pytest.mark.usefixtures("house")

FIRST = date(2030, 3, 1)
STARTS = datetime(2030, 3, 1, tzinfo=clock.LOCAL)
ENDS = datetime(2030, 5, 1, tzinfo=clock.LOCAL)
FIVE = timedelta(minutes=5)
# Of March: 31 days of 288 buckets.
BUCKETS = 8928


@pytest.fixture
def rented(desk: Member) -> Booking:
    """A circuit of 100 Mbps for March and April 2030, confirmed."""
    build.a_circuit(code="FIBRE", name="Đường truyền 100 Mbps")
    member = build.a_member()
    lines = [WantedLine("FIBRE", 1, Period(STARTS, ENDS))]
    wanted = RequestedBooking(member.unit, "Đường truyền quý", EventKind.OTHER, lines)
    with clock.standing_at(datetime(2030, 2, 1, tzinfo=clock.LOCAL)):
        booking = bookings.request(wanted, by=member)
        bookings.confirm(booking, by=desk)
    return booking


def counters(mbps: int, *, count: int = BUCKETS) -> list[CounterReading]:
    octets = mbps * 1_000_000 * 300 // 8
    return [CounterReading("Gi0/1", STARTS + n * FIVE, n * octets, 0) for n in range(count + 1)]


@pytest.fixture
def april() -> object:
    """March is over."""
    with clock.standing_at(datetime(2030, 4, 2, tzinfo=clock.LOCAL)):
        yield


@pytest.mark.usefixtures("april")
def test_what_lies_beyond_the_commitment_is_charged_with_its_evidence(
    rented: Booking, desk: Member
) -> None:
    evidence = traffic.take_in(rented.lines[0], FIRST, counters(140), by=desk)
    (charge,) = charges.live(rented, ChargeKind.METERED)
    assert charge.amount == Money(40 * 45_000)
    assert evidence.state is TrafficState.CHARGED
    assert "P95 vào/ra, lấy chiều lớn = 140,00 Mbps (8928/8928 mẫu 300 giây)" in charge.explanation
    assert evidence.seal[:12] in charge.explanation
    charges.add_for(rented)
    circuit_months.reconcile(charge.month, by=desk)
    assert charge.tax_day == date(2030, 4, 2)
    stands = circuit_months.of(charge.month)
    assert (stands.traffic, stands.rental + stands.traffic) == (charge.amount, stands.net)
    invoice = invoices.issue(invoices.draft_for(rented), by=desk)
    (line,) = [one for one in invoice.lines if one.charge_id == charge.id]
    assert traffic.behind(line) is evidence
    assert traffic.verify(evidence) == []


@pytest.mark.usefixtures("april")
def test_within_the_commitment_nothing_is_charged(rented: Booking) -> None:
    evidence = traffic.take_in(rented.lines[0], FIRST, counters(60), by=None)
    assert evidence.state is TrafficState.WITHIN
    assert charges.live(rented, ChargeKind.METERED) == []


@pytest.mark.usefixtures("april")
def test_the_same_counters_again_give_the_same_evidence_and_others_are_refused(
    rented: Booking,
) -> None:
    first = traffic.take_in(rented.lines[0], FIRST, counters(140), by=None)
    assert traffic.take_in(rented.lines[0], FIRST, counters(140), by=None) is first
    with pytest.raises(TrafficSealed):
        traffic.take_in(rented.lines[0], FIRST, counters(150), by=None)
    assert len(charges.live(rented, ChargeKind.METERED)) == 1


@pytest.mark.usefixtures("april")
def test_too_little_measured_waits_for_finance(rented: Booking, desk: Member) -> None:
    evidence = traffic.take_in(rented.lines[0], FIRST, counters(140, count=8000), by=None)
    assert traffic.waiting() == [evidence]
    assert charges.live(rented, ChargeKind.METERED) == []
    with pytest.raises(BadTraffic, match="why"):
        traffic.accept(evidence, by=desk, reason=" ")
    traffic.accept(evidence, by=desk, reason="Đơn vị đồng ý bằng văn bản")
    assert charges.live(rented, ChargeKind.METERED)[0].amount == Money(40 * 45_000)
    assert traffic.waiting() == []


@pytest.mark.usefixtures("april")
def test_withdrawn_evidence_gives_way_and_stays_in_the_chain(rented: Booking, desk: Member) -> None:
    first = traffic.take_in(rented.lines[0], FIRST, counters(140), by=desk)
    traffic.withdraw(first, by=desk, reason="Nhầm cổng")
    assert charges.live(rented, ChargeKind.METERED) == []
    again = traffic.take_in(rented.lines[0], FIRST, counters(120), by=desk)
    assert again.previous_seal == first.seal
    assert traffic.verify(again) == traffic.verify(first) == []
    (charge,) = charges.live(rented, ChargeKind.METERED)
    charges.add_for(rented)
    circuit_months.reconcile(charge.month, by=desk)
    invoices.issue(invoices.draft_for(rented), by=desk)
    with pytest.raises(TrafficSealed, match="issued invoice"):
        traffic.withdraw(again, by=desk, reason="Nhầm cổng")


def test_a_month_that_is_not_over_or_not_rented_is_refused(rented: Booking) -> None:
    line = rented.lines[0]
    with (
        clock.standing_at(datetime(2030, 3, 20, tzinfo=clock.LOCAL)),
        pytest.raises(BadTraffic, match="not over"),
    ):
        traffic.take_in(line, FIRST, counters(140), by=None)
    with pytest.raises(BadTraffic, match="not rented"):
        traffic.take_in(line, date(2030, 6, 1), counters(140), by=None)


def test_a_hall_is_not_metered(booking: Booking) -> None:
    with (
        clock.standing_at(datetime(2030, 4, 2, tzinfo=clock.LOCAL)),
        pytest.raises(NotMetered),
    ):
        traffic.take_in(booking.lines[0], FIRST, counters(1), by=None)


@pytest.mark.usefixtures("april")
def test_the_definition_is_that_of_the_confirmation(
    rented: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = db.session.scalars(sa.select(MeteredLine))
    assert row.definition["committed_mbps"] == 100
    dearer = [one.model_copy(update={"price_per_mbps": 90_000}) for one in metered.terms()]
    monkeypatch.setattr(metered, "terms", lambda: tuple(dearer))
    traffic.take_in(rented.lines[0], FIRST, counters(140), by=None)
    assert charges.live(rented, ChargeKind.METERED)[0].unit_price_minor == 45_000


@pytest.mark.usefixtures("april")
def test_the_database_keeps_sealed_evidence(rented: Booking) -> None:
    traffic.take_in(rented.lines[0], FIRST, counters(140), by=None)
    for deed in ("UPDATE traffic_evidence SET index_bps = 1", "DELETE FROM traffic_evidence"):
        with pytest.raises(sa.exc.IntegrityError, match="sealed"), db.session.begin_nested():
            db.session.execute(sa.text(deed))


@pytest.mark.usefixtures("april")
@pytest.mark.parametrize(
    ("column", "value", "wrong"),
    [
        ("content", "forged", "the content is not what was sealed"),
        ("content", "broken", "cannot be opened"),
        ("seal", "0" * 64, "the seal does not fit"),
        ("previous_seal", "1" * 64, "the seal before it is another"),
        ("index_bps", 1, "the percentile is another"),
    ],
)
def test_evidence_that_was_tampered_with_is_found(
    rented: Booking, column: str, value: object, wrong: str
) -> None:
    evidence = traffic.take_in(rented.lines[0], FIRST, counters(140), by=None)
    if value == "forged":
        plain = evidence_seal.opened(evidence.content).replace(b"140000000", b"110000000")
        value = zlib.compress(plain)
    elif value == "broken":
        value = b"not compressed"
    # Whoever owns the database can put the guard to sleep; the seals still tell.
    db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    db.session.execute(sa.update(TrafficEvidence).values({column: value}))
    db.session.execute(sa.text("SET LOCAL session_replication_role = DEFAULT"))
    db.session.refresh(evidence, ["content", column])
    assert any(wrong in one for one in traffic.verify(evidence))
