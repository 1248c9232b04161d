"""The round of reminders: one mail a step, in the reader's language, with the way to pay."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from billing import invoices, payments, reminders, write_offs
from billing.models import PauseCause, Reminder
from billing.money import Money
from billing.payments import NewPayment, PaymentMethod
from config import clock
from config.database import db, transaction
from portal import clock as timetable
from portal import reminder_notices
from portal.models import Notice
from portal.rounds.reminders import remind_invoices
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, Role
from rental.period import Period
from tests import build
from tests.build import TUESDAY


@pytest.fixture
def finance(service):
    with transaction():
        return build.a_member(email="finance@example.com", role=Role.FINANCE)


@pytest.fixture
def scene(service, finance):
    """An open invoice of a unit whose member reads English and whose head reads Vietnamese."""
    with transaction():
        member = build.a_member(email="unit@example.com", locale="en")
        build.a_member(email="head@example.com", unit=member.unit, role=Role.HEAD, locale="vi")
        build.a_hall(code="H100", tariff="hall_100")
        period = Period(TUESDAY, TUESDAY + timedelta(hours=3))
        lines = [WantedLine("H100", 1, period)]
        booking = bookings.request(
            RequestedBooking(member.unit, "Họp báo quý <b>", EventKind.FORUM, lines), by=member
        )
        bookings.confirm(booking, by=build.desk())
        invoice = invoices.issue(invoices.draft_for(booking), by=finance)
        due_on, number = invoice.due_on, invoice.id
    with transaction():
        db.session.execute(sa.delete(Notice))
    return number, due_on


def at(due_on, days, hour=9):
    local = datetime.combine(due_on + timedelta(days=days), time(hour), clock.LOCAL)
    return time_machine.travel(local.astimezone(UTC), tick=False)


def mails():
    db.session.rollback()
    return list(db.session.scalars(sa.select(Notice).order_by(Notice.id)))


def test_a_mail_names_what_is_left_the_day_the_account_the_purpose_and_the_page(scene):
    number, due_on = scene
    with at(due_on, 1):
        remind_invoices()
        remind_invoices()
    (mail,) = mails()
    invoice = invoices.get(number)
    bank = invoice.snapshot["seller"]["bank"]
    assert mail.recipient == "unit@example.com"
    assert mail.about == invoice.reference
    assert mail.subject.startswith(f"{invoice.display_number}: reminder, ")
    for told in (
        f"{invoice.left.minor:,}", bank["account"], bank["holder"], bank["name"],
        f"TT {invoice.reference.replace('-', '')}", f"/invoices/{number}", "Họp báo quý <b>",
    ):  # fmt: skip
        assert told in mail.body


def test_several_invoices_of_a_unit_come_in_one_mail_and_each_keeps_its_step(scene, finance):
    number, due_on = scene
    with transaction():
        first = invoices.get(number)
        member = first.booking.member
        for hours in (26, 50):
            start = TUESDAY + timedelta(hours=hours)
            lines = [WantedLine("H100", 1, Period(start, start + timedelta(hours=2)))]
            wanted = RequestedBooking(member.unit, f"Hội thảo {hours}", EventKind.FORUM, lines)
            booking = bookings.request(wanted, by=member)
            bookings.confirm(booking, by=build.desk())
            invoices.issue(invoices.draft_for(booking), by=finance)
    with transaction():
        db.session.execute(sa.delete(Notice))
    with at(due_on, 30):
        remind_invoices()
        remind_invoices()
    told = {mail.recipient: mail for mail in mails()}
    assert len(mails()) == 3
    assert set(told) == {"unit@example.com", "head@example.com", "finance@example.com"}
    mine, finances = told["unit@example.com"], told["finance@example.com"]
    papers = list(db.session.scalars(sa.select(invoices.Invoice)))
    assert len(papers) == 3
    for invoice in papers:
        assert str(invoice.display_number) in mine.body
        assert f"TT {invoice.reference.replace('-', '')}" in mine.body
        assert [one.days for one in reminders.of(invoice)] == [30]
    assert f"{sum(one.left.minor for one in papers):,}" in mine.subject
    assert "last reminder" in mine.body
    assert "/money" in mine.body
    assert papers[0].unit.name in finances.body
    assert "/reports/ageing" in finances.body


def test_everybody_reads_their_own_language(scene):
    _number, due_on = scene
    with at(due_on, 7):
        remind_invoices()
    told = {mail.recipient: mail for mail in mails()}
    assert set(told) == {"unit@example.com", "head@example.com"}
    assert "7 days overdue" in told["unit@example.com"].body
    assert "đã quá hạn 7 ngày" in told["head@example.com"].body
    assert "nhắc thanh toán" in told["head@example.com"].subject


def test_the_units_own_address_reads_it_too_once(scene):
    number, due_on = scene
    with transaction():
        invoices.get(number).unit.email = "ketoan@example.com"
    with at(due_on, 7):
        remind_invoices()
        remind_invoices()
    told = {mail.recipient: mail for mail in mails()}
    assert set(told) == {"unit@example.com", "head@example.com", "ketoan@example.com"}
    assert "đã quá hạn 7 ngày" in told["ketoan@example.com"].body
    assert told["ketoan@example.com"].member_id is None
    assert "ketoan@example.com" in reminders.of(invoices.get(number))[0].recipients


def test_before_the_day_it_only_says_when_it_is_due(scene):
    _number, due_on = scene
    with at(due_on, -3):
        remind_invoices()
    (mail,) = mails()
    assert "is due on" in mail.subject
    assert "overdue" not in mail.body


def test_a_worker_that_was_away_for_two_weeks_sends_one_mail_an_invoice(scene):
    _number, due_on = scene
    with at(due_on, 16):
        remind_invoices()
        remind_invoices()
    assert {mail.recipient for mail in mails()} == {"unit@example.com", "head@example.com"}
    assert len(mails()) == 2
    assert db.session.scalars(sa.select(Reminder.days)).all() == [15]


def test_a_clock_that_jumps_back_sends_nothing_twice(scene):
    _number, due_on = scene
    for days in (7, 1, -3, 7):
        with at(due_on, days):
            remind_invoices()
    assert db.session.scalars(sa.select(Reminder.days)).all() == [7]


def test_disputed_means_silence(scene, finance):
    number, due_on = scene
    with at(due_on, 0), transaction():
        reminders.pause(
            invoices.get(number),
            PauseCause.DISPUTED,
            reason="sai số lượng",
            until=due_on + timedelta(days=30),
            by=finance,
        )
    for days in (1, 7, 15, 30):
        with at(due_on, days):
            remind_invoices()
    assert mails() == []


def test_two_workers_at_once_send_one_mail(service, scene):
    _number, due_on = scene
    start, written = threading.Barrier(4), []

    def work():
        with service.app_context():
            local = datetime.combine(due_on + timedelta(days=1), time(9), clock.LOCAL)
            start.wait()
            with clock.standing_at(local.astimezone(UTC)), transaction():
                written.append(reminder_notices.remind_due())

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(written) == [0, 0, 0, 1]
    assert len(mails()) == 1


def test_a_mail_that_could_not_be_written_is_written_in_the_next_round(scene, monkeypatch):
    _number, due_on = scene

    def fails(*_args, **_more):
        raise RuntimeError("the disk is full")

    with at(due_on, 1):
        with monkeypatch.context() as broken:
            broken.setattr(reminder_notices.notices, "write_to", fails)
            with pytest.raises(RuntimeError):
                remind_invoices()
        assert mails() == []
        remind_invoices()
    assert len(mails()) == 1


def test_a_payment_just_before_the_round_is_seen(scene, finance):
    number, due_on = scene
    with at(due_on, 1):
        with transaction():
            invoice = invoices.get(number)
            new = NewPayment(PaymentMethod.TRANSFER, Money(invoice.left.minor), "FT9")
            payments.record(invoice, new, by=finance)
        remind_invoices()
    assert mails() == []


def test_the_round_comes_on_the_clock(service):
    turns = timetable.turns(service.extensions["settings"])
    assert "remind_invoices" in [turn.task for turn in turns]


def test_directors_are_told_of_a_proposal_and_finance_of_the_decision(scene, finance):
    number, _due_on = scene
    with transaction():
        director = build.a_member(email="director@example.com", role=Role.DIRECTOR, locale="en")
        proposal = write_offs.propose(invoices.get(number), reason="giải thể", by=finance)
    (asked,) = mails()
    assert (asked.recipient, "giải thể" in asked.body) == ("director@example.com", True)
    with transaction():
        write_offs.refuse(write_offs.get(proposal.id), by=director, comment="gọi lại")
    answered = mails()[-1]
    assert answered.recipient == "finance@example.com"
    assert "gọi lại" in answered.body
