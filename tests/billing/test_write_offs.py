"""Giving up an invoice takes two people; money that comes after all still counts."""

import pytest
import sqlalchemy as sa

from billing import invoices, payments, write_offs
from billing.errors import BadWriteOff, DecidedAlready, NotByYourself, WrongInvoiceState
from billing.models import InvoiceStatus, WriteOffStatus
from config import clock
from config.database import db
from rental import journal
from rental.models import Role
from tests import build
from tests.billing.steps import paid_by_transfer


@pytest.fixture
def finance(house):
    return build.a_member(unit=build.a_unit(), role=Role.FINANCE)


@pytest.fixture
def director(house):
    return build.a_member(unit=build.a_unit(), role=Role.DIRECTOR)


@pytest.fixture
def proposal(open_invoice, finance):
    return write_offs.propose(open_invoice, reason="Đơn vị đã giải thể", by=finance)


def test_it_stays_open_until_another_person_approves(open_invoice, proposal, director):
    assert open_invoice.status is InvoiceStatus.OPEN
    assert write_offs.count_waiting() == 1
    write_offs.approve(proposal, by=director, comment="Đồng ý")
    assert open_invoice.status is InvoiceStatus.UNCOLLECTIBLE
    assert open_invoice.closed_reason == "Đơn vị đã giải thể"
    assert write_offs.count_waiting() == 0
    assert [e.verb for e in journal.of(open_invoice)][-2:] == ["write_off_proposed", "written off"]


def test_nobody_decides_what_they_proposed(proposal, finance):
    for decide in (write_offs.approve, write_offs.refuse):
        with pytest.raises(NotByYourself):
            decide(proposal, by=finance, comment="tôi")
    proposal.status, proposal.decided_by_id = WriteOffStatus.APPROVED, finance.id
    proposal.decided_at = clock.now()
    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()


def test_a_payment_that_comes_after_all_settles_it(open_invoice, proposal, director):
    write_offs.approve(proposal, by=director)
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=None)
    assert open_invoice.status is InvoiceStatus.PAID


def test_what_is_given_up_is_what_is_left_when_it_is_approved(open_invoice, proposal, director):
    payments.record(open_invoice, paid_by_transfer(200_000), by=None)
    write_offs.approve(proposal, by=director)
    assert proposal.amount == open_invoice.left


def test_what_was_paid_meanwhile_is_not_given_up_and_no_longer_waits(
    open_invoice, proposal, director
):
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=None)
    assert write_offs.waiting() == []
    with pytest.raises(WrongInvoiceState):
        write_offs.approve(proposal, by=director)


def test_it_is_collected_further_for_a_reason_and_may_be_proposed_again(
    open_invoice, proposal, director, finance
):
    with pytest.raises(BadWriteOff):
        write_offs.refuse(proposal, by=director, comment=" ")
    write_offs.refuse(proposal, by=director, comment="Gọi lại một lần nữa")
    assert open_invoice.status is InvoiceStatus.OPEN
    with pytest.raises(DecidedAlready):
        write_offs.approve(proposal, by=director)
    assert write_offs.propose(open_invoice, reason="vẫn không trả", by=finance).decided_at is None


def test_one_proposal_at_a_time_and_it_may_be_taken_back(open_invoice, proposal, finance):
    with pytest.raises(BadWriteOff):
        write_offs.propose(open_invoice, reason="lần nữa", by=finance)
    write_offs.withdraw(proposal, by=finance)
    assert proposal.status is WriteOffStatus.WITHDRAWN
    assert write_offs.waiting() == []


def test_only_an_open_invoice_is_proposed_with_a_reason(booking, open_invoice, finance):
    with pytest.raises(BadWriteOff):
        write_offs.propose(open_invoice, reason="\n", by=finance)
    invoices.void(open_invoice, by=finance, reason="sai")
    with pytest.raises(WrongInvoiceState):
        write_offs.propose(open_invoice, reason="có", by=finance)
