"""Whose doing an interruption was, and what that changes about its credit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from billing import charges, credit_notes, interruption_credits, invoices, sla
from billing.models import ChargeKind, Invoice
from billing.money import Money
from billing.sla import Terms, Tier, Window
from config.database import db
from rental import agreements, closures, interruptions
from rental.closures import NewClosure
from rental.errors import BadJudgement
from rental.interruptions import Judgement
from rental.models import (
    AgreementKind,
    Booking,
    ClosureKind,
    Interruption,
    InterruptionFault,
    Member,
    ResourceKind,
)
from rental.period import Period
from tests.billing.steps import STARTS, interrupt

pytestmark = pytest.mark.usefixtures("house")

RENTER = Judgement(InterruptionFault.RENTER, "Đơn vị tự rút dây nguồn")
OURS = Judgement(InterruptionFault.CENTRE, "Xem lại nhật ký: lỗi của Trung tâm")
HALL = Terms(
    kind=ResourceKind.HALL,
    minimum_minutes=15,
    maintenance_notice_hours=24,
    tiers=(Tier(below=Decimal("99.5"), percent=10), Tier(below=Decimal(80), percent=50)),
    valid_from=date(2024, 1, 1),
    source="Hợp đồng mẫu, Điều 7",
)


def _only() -> Interruption:
    return db.session.scalars(sa.select(Interruption)).one()


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halls are credited by tiers in this test."""
    common = [one for one in sla.terms() if one.kind is not ResourceKind.HALL]
    monkeypatch.setattr(sla, "terms", lambda: (HALL, *common))


def test_a_credit_on_the_draft_goes_when_the_renter_did_it_and_comes_back(
    booking: Booking, desk: Member
) -> None:
    draft = invoices.draft_for(booking)
    interrupt(booking, 0, 60, 120)
    before = draft.total
    interruptions.judge(_only(), RENTER, by=desk)
    assert charges.live(booking, ChargeKind.CREDIT) == []
    assert draft.total == before + Money(2_250_000)
    interruptions.judge(_only(), OURS, by=desk)
    assert charges.live(booking, ChargeKind.CREDIT)[0].amount == Money(-2_250_000)
    assert draft.total == before


def test_what_a_credit_note_gave_is_charged_again_when_the_renter_did_it(
    booking: Booking, open_invoice: Invoice, desk: Member
) -> None:
    interrupt(booking, 0, 60, 120)
    interruptions.judge(_only(), RENTER, by=desk)
    (back,) = charges.live(booking, ChargeKind.CREDIT_WITHDRAWN)
    assert (back.amount, back.tax_inclusive) == (Money(2_250_000), True)
    assert back.explanation == RENTER.reason
    assert len(credit_notes.of(open_invoice)) == 1
    # And once more the other way: another note, and never more than is due in all.
    interruptions.judge(_only(), OURS, by=desk)
    assert sum(note.total.minor for note in credit_notes.of(open_invoice)) == 4_500_000
    interruptions.judge(_only(), RENTER, by=desk)
    taken = sum(c.amount_minor for c in charges.live(booking, ChargeKind.CREDIT_WITHDRAWN))
    assert taken == 4_500_000


def test_a_credit_line_on_an_issued_invoice_is_charged_again(
    booking: Booking, desk: Member
) -> None:
    interrupt(booking, 0, 60, 120)
    invoices.issue(invoices.draft_for(booking), by=desk)
    interruptions.judge(_only(), RENTER, by=desk)
    (back,) = charges.live(booking, ChargeKind.CREDIT_WITHDRAWN)
    assert back.amount == Money(2_250_000)


def test_a_judgement_before_the_end_counts_at_the_end(booking: Booking, desk: Member) -> None:
    hall = booking.lines[0].resource
    found = interruptions.begin(hall, cause="outage:9", at=STARTS + timedelta(minutes=60))
    interruptions.judge(found, RENTER, by=desk)
    interruptions.end(hall, cause="outage:9", at=STARTS + timedelta(minutes=120))
    assert charges.live(booking, ChargeKind.CREDIT) == []
    assert len(interruption_credits.of(booking.lines[0])) == 1


def test_force_majeure_counts_where_the_terms_do_not_exclude_it(
    booking: Booking, desk: Member
) -> None:
    interrupt(booking, 0, 60, 120)
    interruptions.judge(
        _only(), Judgement(InterruptionFault.FORCE_MAJEURE, "Mất điện toàn quận"), by=desk
    )
    assert charges.live(booking, ChargeKind.CREDIT)[0].amount == Money(-2_250_000)


def test_a_judgement_needs_a_reason(booking: Booking, desk: Member) -> None:
    interrupt(booking, 0, 60, 120)
    with pytest.raises(BadJudgement):
        interruptions.judge(_only(), Judgement(InterruptionFault.RENTER, "  "), by=desk)


@pytest.mark.usefixtures("tiers")
def test_tiers_credit_by_availability_and_say_so(booking: Booking) -> None:
    interrupt(booking, 0, 0, 24)
    (credit,) = charges.live(booking, ChargeKind.CREDIT)
    assert credit.amount == Money(-900_000)
    assert credit.explanation.startswith(
        "24 phút gián đoạn được tính; độ sẵn sàng 90,000 % dưới 99,5 %: giảm 10 %"
    )
    assert "outage:0" in credit.explanation
    assert "Hợp đồng mẫu, Điều 7" in credit.explanation


@pytest.mark.usefixtures("tiers")
def test_maintenance_announced_a_day_before_is_not_credited(booking: Booking) -> None:
    hall = booking.lines[0].resource
    period = Period(STARTS + timedelta(minutes=60), STARTS + timedelta(minutes=100))
    closures.close(hall, NewClosure(ClosureKind.MAINTENANCE, period, reason="Thay đèn"))
    interrupt(booking, 0, 60, 105)
    # Five minutes are left beside the announced forty, and the terms begin at fifteen.
    assert charges.live(booking, ChargeKind.CREDIT) == []


def test_the_terms_of_an_agreement_go_before_the_common_ones(
    booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreements.add(
        booking.unit,
        agreements.Terms("12/2026", "Khung", AgreementKind.FRAMEWORK, date(2026, 1, 1)),
        by=None,
    )
    agreed = HALL.model_copy(update={"agreement": "12/2026", "tiers": (), "cap_percent": 5})
    common = sla.terms()
    monkeypatch.setattr(sla, "terms", lambda: (*common, agreed))
    interrupt(booking, 0, 60, 120)
    (credit,) = charges.live(booking, ChargeKind.CREDIT)
    assert credit.amount == Money(-450_000)
    assert "thỏa thuận 12/2026" in credit.explanation


NOVEMBER = Period(STARTS, STARTS + timedelta(days=60))


def test_a_month_is_measured_and_capped_by_itself() -> None:
    terms = HALL.model_copy(
        update={"window": Window.MONTH, "month_cap_percent": 30, "minimum_minutes": 0}
    )
    lost = [Period(STARTS + timedelta(days=2), STARTS + timedelta(days=20))]
    found = sla.reckon(terms, Money(60_000_000), NOVEMBER, lost)
    assert [one.price.minor for one in found.windows] == [
        26_625_000, 30_000_000, 3_375_000,
    ]  # fmt: skip
    # March lost 18 of its 26.6 days: half by the tier, thirty by the cap. April had all of it.
    assert [one.amount.minor for one in found.windows] == [7_987_500, 0, 0]
    assert sum(one.price.minor for one in found.windows) == 60_000_000


@pytest.mark.parametrize(
    ("holes", "left", "reason"),
    [
        ([], [(0, 60)], "nothing is taken out"),
        ([(10, 20)], [(0, 10), (20, 60)], "a hole in the middle"),
        ([(0, 60)], [], "all of it"),
        ([(-10, 5), (50, 90)], [(5, 50)], "holes over both ends"),
        ([(10, 30), (20, 40)], [(0, 10), (40, 60)], "two holes that overlap"),
        ([(70, 90)], [(0, 60)], "a hole after it"),
    ],
)
def test_what_is_left_outside_holes(
    holes: list[tuple[int, int]], left: list[tuple[int, int]], reason: str
) -> None:
    def span(first: int, last: int) -> Period:
        return Period(STARTS + timedelta(minutes=first), STARTS + timedelta(minutes=last))

    found = sla.without(span(0, 60), [span(*one) for one in holes])
    assert found == [span(*one) for one in left], reason
