"""From a damage to a charge: proposed by the terms, owed when finance says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from billing import invoices, proposals
from billing.errors import BadProposal, DecidedAlready
from billing.models import Charge, ChargeKind, ChargeProposal, ProposalStatus
from billing.money import Money
from billing.proposals import listed
from config import clock
from config.database import db, transaction
from rental import bookings, handovers, returns, units
from rental.counting import Piece
from rental.models import Asset, AssetCondition, Role
from tests import build
from tests.billing.steps import STARTS


@pytest.fixture
def finance(house):
    return build.a_member(role=Role.FINANCE)


@pytest.fixture
def given(booking, desk):
    """The camera CAM-1 of the confirmed booking is out."""
    camera = booking.lines[1].resource
    db.session.add(Asset(resource=camera, tag="CAM-1"))
    db.session.flush()
    with clock.standing_at(STARTS):
        handovers.hand_over_pieces(booking, [Piece(tag="CAM-1")], by=desk)
    return booking


def back(booking, desk, at=STARTS + timedelta(hours=4), **over):
    with clock.standing_at(at):
        returns.return_pieces([Piece(tag="CAM-1", **over)], by=desk)


def the_proposal():
    return db.session.scalars(sa.select(ChargeProposal)).one()


@pytest.mark.parametrize(
    ("condition", "kind", "minor"),
    [
        (AssetCondition.DAMAGED, ChargeKind.DAMAGE, 9_750_000),
        (AssetCondition.LOST, ChargeKind.LOSS, 65_000_000),
    ],
)
def test_a_damage_proposes_what_the_terms_say_in_both_languages(
    given, desk, condition, kind, minor
):
    back(given, desk, condition=condition, note="vỡ kính")
    found = the_proposal()
    assert (found.kind, found.amount, found.status) == (
        kind,
        Money(minor),
        ProposalStatus.PROPOSED,
    )
    assert "Máy quay (CAM-1)" in found.description
    assert found.description_en.startswith("Compensation for")
    # Nobody owes it yet.
    assert db.session.scalar(sa.select(sa.func.count(Charge.id))) == 2


def test_said_twice_it_is_proposed_once(given, desk):
    back(given, desk, condition=AssetCondition.DAMAGED)
    proposals.propose_for_damage(the_proposal().damage)
    proposals.propose_for_lateness(given)
    assert len(listed(ProposalStatus.PROPOSED)) == 1


def test_late_is_proposed_by_the_hour_begun_after_the_grace(given, desk):
    back(given, desk, at=STARTS + timedelta(hours=4, minutes=30 + 61))
    found = the_proposal()
    assert (found.kind, found.amount, found.cause) == (
        ChargeKind.LATE,
        Money(2 * 150_000),
        f"late:{given.lines[1].id}",
    )


def test_within_the_grace_nothing_is_proposed(given, desk):
    back(given, desk, at=STARTS + timedelta(hours=4, minutes=30))
    assert listed(ProposalStatus.PROPOSED) == []


def test_what_is_lost_is_not_late_as_well(given, desk):
    back(given, desk, at=STARTS + timedelta(hours=9), condition=AssetCondition.LOST)
    assert the_proposal().kind is ChargeKind.LOSS


def test_accepted_it_is_a_charge_that_the_next_draft_takes(given, desk, finance):
    back(given, desk, condition=AssetCondition.DAMAGED)
    proposal = the_proposal()
    charge = proposals.accept(proposal, by=finance, amount=Money(5_000_000))
    assert (charge.kind, charge.amount, charge.vat_code.value) == (
        ChargeKind.DAMAGE,
        Money(5_000_000),
        "KKKNT",
    )
    assert (proposal.status, proposal.amount) == (ProposalStatus.ACCEPTED, Money(5_000_000))
    draft = invoices.draft_for(given)
    assert "Bồi thường" in " ".join(line.description for line in draft.lines)
    with pytest.raises(DecidedAlready):
        proposals.drop(proposal, by=finance, reason="nhầm")


def test_it_is_dropped_with_a_reason(given, desk, finance):
    back(given, desk, condition=AssetCondition.DAMAGED)
    with pytest.raises(BadProposal):
        proposals.drop(the_proposal(), by=finance, reason=" ")
    proposals.drop(the_proposal(), by=finance, reason="Hao mòn tự nhiên")
    assert the_proposal().reason == "Hao mòn tự nhiên"
    with pytest.raises(DecidedAlready):
        proposals.accept(the_proposal(), by=finance)
    assert proposals.waiting() == 0


@pytest.mark.parametrize("minor", [0, -1, 10**13])
def test_an_amount_that_is_none_is_refused(given, desk, finance, minor):
    back(given, desk, condition=AssetCondition.DAMAGED)
    with pytest.raises(BadProposal):
        proposals.accept(the_proposal(), by=finance, amount=Money(minor))


@pytest.mark.slow
def test_two_accountants_accept_one_proposal_once(house, given, desk, finance):
    back(given, desk, condition=AssetCondition.DAMAGED)
    number, email = the_proposal().id, finance.email
    db.session.commit()
    barrier = Barrier(2)

    def accept(_):
        with house.app_context():
            barrier.wait()
            try:
                with transaction():
                    proposals.accept(proposals.get(number), by=units.member_by_email(email))
            except DecidedAlready:
                return "told"
            return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, range(2))) == ["done", "told"]
    db.session.rollback()
    kinds = db.session.scalars(sa.select(Charge.kind)).all()
    assert kinds.count(ChargeKind.DAMAGE) == 1


def test_everything_at_once_late_is_proposed_too(booking, desk):
    with clock.standing_at(STARTS):
        bookings.hand_over(booking, by=desk)
    with clock.standing_at(STARTS + timedelta(hours=5)):
        bookings.return_(booking, by=desk)
    assert the_proposal().amount == Money(150_000)
