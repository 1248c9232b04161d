"""The demo centre: loaded once, alive today, every state there."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from billing import ageing, stops, write_offs
from billing.ageing import Bucket
from billing.models import Charge, CreditNote, Invoice, InvoiceStatus, Payment, Reminder
from config import clock
from config.database import Base, db, transaction
from monitoring import credentials
from monitoring.credentials import Keyring
from monitoring.models import Credential, Device, HostKey
from portal import passwords
from portal.demo import arrears, centre, devices, events
from portal.demo.centre import SEED, Demo
from portal.demo.events import Fate
from portal.demo.sign_ins import PASSWORD, SIGN_INS
from portal.demo.ssh_switch import SshSwitch
from rental import approvals, holds
from rental.models import (
    Booking,
    BookingStatus,
    Closure,
    Hold,
    Line,
    Member,
    Role,
    ServiceRecord,
    Unit,
    WaitlistEntry,
    WaitStatus,
)

KEYRING = Keyring(bytes(range(32)))


@pytest.fixture
def demo(tmp_path):
    return Demo(keyring=KEYRING, keys=tmp_path / "keys")


def loaded(demo: Demo) -> bool:
    with transaction():
        return centre.load(demo)


def rows() -> dict[str, int]:
    return {
        table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    }


def statuses(model) -> dict:
    counted = sa.select(model.status, sa.func.count()).group_by(model.status)
    return dict(db.session.execute(counted).tuples().all())


def test_the_demo_fills_an_empty_house_and_a_second_time_changes_nothing(house, demo):
    assert loaded(demo)
    once = rows()
    assert not loaded(demo)
    assert rows() == once


def test_every_state_of_bookings_and_invoices_is_there(house, demo):
    loaded(demo)
    bookings, invoices = statuses(Booking), statuses(Invoice)
    assert set(bookings) == set(BookingStatus)
    assert set(invoices) == set(InvoiceStatus)
    assert 50 <= sum(bookings.values()) <= 120
    assert bookings[BookingStatus.REQUESTED] >= 3
    assert db.session.scalar(sa.select(sa.func.count(CreditNote.id))) >= 1
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) >= 5
    by_hand = sa.select(sa.func.count(Closure.id)).where(Closure.cause.is_(None))
    assert db.session.scalar(by_hand) == 2
    assert {one.ended_at is None for one in db.session.scalars(sa.select(ServiceRecord))} == {
        True,
        False,
    }


def test_a_ranked_pair_of_holds_one_who_waits_and_an_approval_are_there(house, demo):
    loaded(demo)
    found = db.session.scalars(sa.select(Hold).order_by(Hold.id)).all()
    assert [holds.ranks_of(found)[hold.id] for hold in found] == [1, 2]
    assert db.session.scalars(sa.select(WaitlistEntry.status)).all() == [WaitStatus.WAITING]
    director = db.session.scalars(sa.select(Member).where(Member.role == Role.DIRECTOR)).first()
    assert approvals.waiting(director)


def test_four_weeks_around_today_are_busy_and_nothing_was_recorded_in_the_future(house, demo):
    loaded(demo)
    now = clock.now()
    first, last = db.session.execute(
        sa.select(sa.func.min(Booking.starts_at), sa.func.max(Booking.ends_at))
    ).one()
    assert now - timedelta(days=15) <= first <= now - timedelta(days=10)
    assert now + timedelta(days=10) <= last <= now + timedelta(days=15, hours=12)
    for column in (Booking.requested_at, Invoice.issued_at, Payment.received_at):
        assert db.session.scalar(sa.select(sa.func.max(column))) <= now


def test_an_event_with_the_failing_encoder_is_running_and_waits_with_a_draft(house, demo):
    loaded(demo)
    now = clock.now()
    running = db.session.scalars(
        sa.select(Booking).where(Booking.status == BookingStatus.HANDED_OVER, Booking.ends_at > now)
    ).one()
    assert running.starts_at < now < running.ends_at
    assert "ENC" in {line.resource.code for line in running.lines}
    draft = db.session.scalars(sa.select(Invoice).where(Invoice.booking_id == running.id)).one()
    assert draft.status is InvoiceStatus.DRAFT


@pytest.mark.parametrize("day", range(7))
def test_nothing_is_planned_where_the_running_event_is_at_any_hour_of_a_day(day):
    midnight = datetime(2026, 11, 23, tzinfo=clock.LOCAL) + timedelta(days=day)
    for minutes in range(0, 24 * 60, 15):
        *others, running = events.planned(midnight + timedelta(minutes=minutes), SEED)
        assert running.fate is Fate.RUNNING
        there = [plan.title for plan in others if plan.hall == running.hall]
        assert there, "an empty programme proves nothing"
        assert not [
            plan.title
            for plan in others
            if plan.hall == running.hall and plan.period.overlaps(running.period)
        ]


def test_invoice_numbers_have_no_gap_and_follow_the_days(house, demo):
    loaded(demo)
    issued = db.session.scalars(
        sa.select(Invoice)
        .where(Invoice.number.is_not(None))
        .order_by(Invoice.issued_at, Invoice.number)
    ).all()
    for year in {invoice.year for invoice in issued}:
        numbers = [invoice.number for invoice in issued if invoice.year == year]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_persons_of_the_contract_sign_in_with_the_demo_password(house, demo):
    loaded(demo)
    members = {m.email: m for m in db.session.scalars(sa.select(Member))}
    assert set(SIGN_INS) <= set(members)
    assert passwords.verify(members["desk@centre.example"].password_hash, PASSWORD)
    assert members["admin@centre.example"].role is Role.ADMINISTRATOR
    assert len(members) == 20
    units = {unit.slug: unit for unit in db.session.scalars(sa.select(Unit))}
    assert len(units) == 8
    assert [slug for slug, unit in units.items() if unit.is_centre] == ["centre"]
    assert {m.unit.slug for m in members.values() if m.role is Role.HEAD} >= {"unit-a", "unit-b"}


def test_the_devices_are_those_of_the_simulators_with_sealed_credentials_and_pinned_keys(
    house, demo
):
    loaded(demo)
    found = {device.name: device for device in db.session.scalars(sa.select(Device))}
    assert {n: d.snmp_port for n, d in found.items()} == {
        d.name: devices.BASE_PORT + d.offset for d in devices.DEVICES
    }
    assert found["ENC-02"].asset.tag == "ENC-02"
    assert found["ENC-02"].resource.code == "ENC"
    assert found["ENC-02"].parent.parent.parent.name == "RT-UPLINK-01"
    for credential in db.session.scalars(sa.select(Credential)):
        assert b"demo" not in credential.sealed
        assert credentials.open_(credential, KEYRING)
    pinned = {key.device.name: key for key in db.session.scalars(sa.select(HostKey))}
    assert set(pinned) == {"SW-PRESS-02", "SRV-STREAM-01"}
    switch = SshSwitch(host_key=centre.inventory.switch_key(demo.keys))
    assert switch.public_key == f"{pinned['SW-PRESS-02'].algorithm} {pinned['SW-PRESS-02'].key}"


def test_every_charge_has_a_price_and_every_title_is_one_line(house, demo):
    loaded(demo)
    assert db.session.scalar(sa.select(sa.func.count(Charge.id))) > 100
    assert not db.session.scalars(sa.select(Line).where(Line.quantity < 1)).all()


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2026, 11, 29, 3, tzinfo=UTC), "a Sunday, the house is closed"),
        (datetime(2027, 1, 3, 17, 30, tzinfo=UTC), "past midnight, just after New Year"),
        (datetime(2028, 2, 29, 1, tzinfo=UTC), "a leap day"),
        (datetime(2026, 12, 31, 16, 59, tzinfo=UTC), "the last minute of the year"),
    ],
)
def test_the_demo_loads_whatever_day_it_is(house, demo, moment, reason):
    with time_machine.travel(moment, tick=False):
        assert loaded(demo), reason
        assert set(statuses(Invoice)) == set(InvoiceStatus), reason
        assert BookingStatus.REQUESTED in statuses(Booking), reason


def test_finance_has_old_debts_to_follow_up(house, demo):
    loaded(demo)
    found = {unit.slug: aged for unit, aged in ageing.by_unit().items()}
    assert found[arrears.STOPPED].amounts[Bucket.TO_90]
    assert found["so-do-thi"].amounts[Bucket.TO_60]
    assert found["unit-b"].amounts[Bucket.TO_30]
    stopped = stops.arrears_of([unit.id for unit in db.session.scalars(sa.select(Unit))])
    assert [one.is_stopped for one in stopped.values()] == [True]
    assert write_offs.count_waiting() == 1
    assert db.session.scalar(sa.select(sa.func.count(Reminder.id))) >= 8
