"""Traffic that nobody booked is found, judged, sealed once, and follows the bookings."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from billing import invoices, unbilled
from billing.errors import BadUse, TrafficSealed, UseDecided
from billing.models import Charge, ChargeKind, UseState
from config import clock
from config.database import db, transaction
from monitoring import access_ports, rollups, unbooked
from monitoring.models import (
    Device,
    FindingRow,
    RollupLevel,
    UnbookedRun,
    Violation,
    ViolationStatus,
)
from portal import rounds
from rental import bookings
from rental.models import Booking, BookingStatus, Part
from tests import build
from tests.monitoring.test_rolling import NOON
from tests.portal.unbooked_world import FAINT_BPS, LOUD_BPS, MINUTE, Scene, tidied, uses


@pytest.fixture(autouse=True)
def tidy(service: Flask) -> Iterator[None]:
    """Partitions go with the test that made them."""
    with tidied():
        yield


@pytest.fixture
def scene(service: Flask) -> Scene:
    return Scene()


def runs() -> list[UnbookedRun]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(UnbookedRun).order_by(UnbookedRun.id)))


def violations() -> list[Violation]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Violation).order_by(Violation.id)))


def found(scene: Scene) -> str:
    db.session.rollback()
    return db.session.get_one(FindingRow, (scene.switch.id, "N26")).result.value


def test_traffic_that_nobody_booked_breaks_a_rule_while_it_lasts(scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(7)
    assert found(scene) == "unknown", "nothing was looked at before"
    scene.look(12)
    assert found(scene) == "pass"
    scene.carries(20, LOUD_BPS)
    scene.look(22)
    assert violations() == [], "ten minutes are no habit"
    scene.carries(30, LOUD_BPS)
    scene.look(32)
    (violation,) = violations()
    assert (violation.rule, violation.status) == ("N26", ViolationStatus.OPEN)
    (told,) = violation.evidence
    assert told.startswith("Gi0/1 (FIBRE): up to 40.0 Mbit/s since 2026-11-27 05:10 UTC")
    assert "bookings do not switch it" in told, "a person shuts it"
    assert uses() == [], "it goes on"
    scene.carries(60, FAINT_BPS)
    scene.look(62)
    assert [one.status for one in violations()] == [ViolationStatus.RESOLVED]
    assert found(scene) == "pass"


def test_a_port_that_tells_nothing_is_unknown_and_resolves_nothing(scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(12)
    scene.carries(60, LOUD_BPS)
    scene.look(62)
    scene.look(180)
    assert found(scene) == "unknown"
    assert [one.status for one in violations()] == [ViolationStatus.OPEN]
    assert [one.end for one in runs()] == ["quiet"], "but what was not measured is not charged"


def test_what_is_over_is_sealed_once_with_volume_and_percentile(scene: Scene) -> None:
    use = scene.used()
    assert (use.starts_at, use.ends_at) == (NOON + 10 * MINUTE, NOON + 75 * MINUTE)
    assert (use.device, use.port, use.state) == ("sw-hall", "Gi0/1", UseState.WAITING)
    assert use.index_bps == pytest.approx(LOUD_BPS, rel=0.01)
    assert use.in_octets == pytest.approx(LOUD_BPS / 8 * 3600, rel=0.02)
    assert unbilled.verify(use) == []
    for _ in range(2):
        scene.look(120)
    assert len(uses()) == 1


def test_two_workers_at_once_and_one_that_died_seal_it_once(service: Flask, scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(70, LOUD_BPS)
    scene.carries(120, FAINT_BPS)
    device_id, now = scene.switch.id, NOON + 120 * MINUTE
    with clock.standing_at(now):
        while rollups.advance(RollupLevel.FIVE_MINUTES, now) is not None:
            pass
        # The machine loses its power after the look and before the commit.
        unbooked.look(db.session.get_one(Device, device_id))
        db.session.rollback()
        assert runs() == []
        gate = threading.Barrier(2)

        def work() -> None:
            with service.app_context(), clock.standing_at(now):
                gate.wait()
                rounds.unbooked.watch_unbooked_ports()

        both = [threading.Thread(target=work) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        rounds.unbooked.watch_unbooked_ports()
    assert len(runs()) == 1
    assert len(uses()) == 1


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (BookingStatus.CONFIRMED, 0),
        (BookingStatus.HANDED_OVER, 0),
        (BookingStatus.RETURNED, 0),
        (BookingStatus.REQUESTED, 1),
        (BookingStatus.CANCELLED, 1),
    ],
)
def test_only_what_nobody_has_booked_counts(
    scene: Scene, status: BookingStatus, found: int
) -> None:
    with transaction():
        db.session.get_one(Booking, scene.book(0, 90).id).status = status
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(70, LOUD_BPS)
    scene.carries(120, FAINT_BPS)
    scene.look(120)
    assert len(uses()) == found


def test_a_kit_that_holds_the_circuit_is_a_booking_of_it(scene: Scene) -> None:
    with transaction():
        kit, case = build.equipment(code="KIT"), build.equipment(code="CASE")
        db.session.add(Part(whole_id=case.id, part_id=scene.circuit.id))
        db.session.add(Part(whole_id=kit.id, part_id=case.id))
        build.a_booking(kit, starts_at=NOON, hours=2, status=BookingStatus.CONFIRMED)
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(70, LOUD_BPS)
    scene.look(90)
    assert runs() == []


def test_the_lead_and_lag_of_a_booking_are_its_own(scene: Scene) -> None:
    scene.book(25, 60)
    scene.carries(10, FAINT_BPS)
    scene.look(10)
    scene.carries(64, LOUD_BPS)
    scene.carries(120, FAINT_BPS)
    scene.look(120)
    assert runs() == []


def test_a_booking_made_late_takes_it_away_and_its_end_gives_it_back(scene: Scene) -> None:
    use_id = scene.used().id
    scene.book(10, 30)
    scene.look(130)
    assert uses()[0].state is UseState.WAITING, "it covers a part only"
    second = scene.book(30, 80)
    scene.look(131)
    (use,) = uses()
    assert use.state is UseState.COVERED
    assert use.booking is not None
    with pytest.raises(BadUse), transaction():
        unbilled.reopen(use, by=scene.finance, reason="vẫn thu")
    with transaction():
        db.session.get_one(Booking, second.id).status = BookingStatus.CANCELLED
    scene.look(132)
    assert uses()[0].state is UseState.WAITING
    assert unbilled.verify(unbilled.get(use_id)) == []


def test_a_booking_made_while_it_runs_ends_it_and_resolves_the_violation(scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(12)
    scene.carries(60, LOUD_BPS)
    scene.look(62)
    assert [one.status for one in violations()] == [ViolationStatus.OPEN]
    scene.book(80, 200)
    scene.carries(90, LOUD_BPS)
    scene.look(92)
    assert [one.end for one in runs()] == ["booked"]
    assert [one.status for one in violations()] == [ViolationStatus.RESOLVED]
    assert [one.ends_at for one in uses()] == [NOON + 65 * MINUTE]


def test_finance_charges_it_at_the_tariff_and_takes_it_back(scene: Scene) -> None:
    use, booking = scene.used(), scene.book(300, 360)
    with transaction():
        made = unbilled.charge(use, booking, by=scene.finance)
        assert made.amount_minor > 0
    assert (made.kind, made.unit_id) == (ChargeKind.UNBOOKED, booking.unit_id)
    assert use.seal[:12] in made.explanation
    with pytest.raises(UseDecided), transaction():
        unbilled.dismiss(unbilled.get(use.id), by=scene.finance, reason="hai lần")
    with transaction():
        unbilled.reopen(unbilled.get(use.id), by=scene.finance, reason="nhầm phiếu")
    (use,) = uses()
    assert (use.state, use.charge_id, use.booking_id) == (UseState.WAITING, None, None)
    assert db.session.scalars(sa.select(Charge.reversed_at)).one() is not None


def test_on_an_issued_invoice_it_stays_until_that_is_credited(scene: Scene) -> None:
    use, booking = scene.used(), scene.book(300, 360)
    with transaction():
        unbilled.charge(use, booking, by=scene.finance)
        invoices.issue(invoices.draft_for(booking), by=None)
    with pytest.raises(TrafficSealed), transaction():
        unbilled.reopen(unbilled.get(use.id), by=scene.finance, reason="nhầm")


def test_what_is_dismissed_has_a_reason_and_what_is_cancelled_bears_no_charge(
    scene: Scene,
) -> None:
    use, booking = scene.used(), scene.book(300, 360)
    with pytest.raises(BadUse), transaction():
        unbilled.dismiss(use, by=scene.finance, reason="  ")
    with transaction():
        db.session.get_one(Booking, booking.id).status = BookingStatus.CANCELLED
    with pytest.raises(BadUse), transaction():
        unbilled.charge(unbilled.get(use.id), bookings.get(booking.reference), by=scene.finance)
    with transaction():
        unbilled.dismiss(unbilled.get(use.id), by=scene.finance, reason="kỹ thuật thử cổng")
    assert uses()[0].reason == "kỹ thuật thử cổng"


def test_nobody_changes_what_is_sealed(scene: Scene) -> None:
    use = scene.used()
    for change in ("in_octets = 1", "content = ''", "seal = 'x'", "ends_at = now()"):
        with pytest.raises(sa.exc.DBAPIError, match="is sealed"), transaction():
            db.session.execute(sa.text(f"UPDATE unbilled_use SET {change}"))
    with pytest.raises(sa.exc.DBAPIError, match="is sealed"), transaction():
        db.session.execute(sa.text("DELETE FROM unbilled_use"))
    assert unbilled.verify(unbilled.get(use.id)) == []


def test_what_a_port_left_behind_is_resolved_when_it_is_taken_away(scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(12)
    scene.carries(60, LOUD_BPS)
    scene.look(62)
    scene.look(120)
    assert [one.status for one in violations()] == [ViolationStatus.OPEN], "nothing was told"
    with transaction():
        access_ports.remove(access_ports.get(scene.port.id), by=None)
    scene.look(121)
    assert [one.status for one in violations()] == [ViolationStatus.RESOLVED]
    assert found(scene) == "not_applicable"


def test_a_port_that_is_taken_from_its_circuit_ends_its_run(scene: Scene) -> None:
    scene.carries(10, FAINT_BPS)
    scene.look(12)
    scene.carries(60, LOUD_BPS)
    scene.look(62)
    with transaction():
        access_ports.remove(access_ports.get(scene.port.id), by=None)
    scene.carries(90, LOUD_BPS)
    scene.look(95)
    assert [one.end for one in runs()] == ["removed"]
    assert [one.status for one in violations()] == [ViolationStatus.RESOLVED]
    assert len(uses()) == 1
