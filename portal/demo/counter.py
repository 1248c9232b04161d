"""What the demo's counter has to show: gear that is overdue, one that broke, one that is gone.

Sample: titles, people and damages are invented.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from billing import proposals
from billing.models import ChargeKind, ChargeProposal
from config import clock
from config.database import db
from rental import bookings, handovers, overdue, returns, units
from rental.asking import RequestedBooking, WantedLine
from rental.counting import Piece
from rental.errors import ResourceUnavailable
from rental.models import AssetCondition, Booking, EventKind, Member
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Lent:
    """Gear that somebody fetched: who, for what, from when to when, and what went."""

    email: str
    title: str
    period: Period
    lines: tuple[tuple[str, int], ...]
    pieces: list[Piece] = field(default_factory=list)


def add(now: datetime) -> None:
    """Lend some gear in the days before `now`, and take part of it back."""
    desk = units.member_by_email("desk@centre.example")
    hour = now.replace(minute=0, second=0, microsecond=0)
    _broken(hour - timedelta(days=3), desk)
    _overdue(hour - timedelta(hours=5), desk)
    overdue.sweep()


def _lend(lent: Lent, desk: Member) -> Booking | None:
    """Ask, confirm and hand over; None where the gear is gone, as it is in life."""
    member = units.member_by_email(lent.email)
    wanted = RequestedBooking(
        member.unit,
        lent.title,
        EventKind.BROADCAST,
        [WantedLine(code, quantity, lent.period) for code, quantity in lent.lines],
    )
    asked_at = lent.period.starts_at - timedelta(days=4)
    try:
        with clock.standing_at(asked_at), db.session.begin_nested():
            booking = bookings.request(wanted, by=member)
    except ResourceUnavailable:
        return None
    with clock.standing_at(asked_at + timedelta(hours=3)):
        bookings.confirm(booking, by=desk)
    with clock.standing_at(lent.period.starts_at):
        handovers.require_all(handovers.hand_over_pieces(booking, lent.pieces, by=desk))
    return booking


def _broken(ends_at: datetime, desk: Member) -> None:
    """It came back two hours late, one laptop broken and one loudspeaker not at all."""
    lent = Lent(
        "member@unit-b.example",
        "Ghi hình phóng sự: Một ngày ở chợ đầu mối",
        Period(ends_at - timedelta(hours=8), ends_at),
        (("NOTE", 2), ("SPK", 2)),
        [Piece(tag=tag) for tag in ("NOTE-09", "NOTE-10", "SPK-05", "SPK-06")],
    )
    if _lend(lent, desk) is None:
        return
    with clock.standing_at(ends_at + timedelta(hours=2)):
        returns.return_pieces(
            [
                Piece(tag="NOTE-09"),
                Piece(
                    tag="NOTE-10",
                    condition=AssetCondition.DAMAGED,
                    note="Vỡ màn hình, bản lề lỏng.",
                ),
                Piece(tag="SPK-05", condition=AssetCondition.WORN, note="Trầy vỏ."),
                Piece(
                    tag="SPK-06",
                    condition=AssetCondition.LOST,
                    note="Đơn vị báo thất lạc khi chuyển địa điểm.",
                ),
            ],
            by=desk,
        )
    _accept_the_loss()


def _accept_the_loss() -> None:
    finance = units.member_by_email("finance@centre.example")
    loss = db.session.scalar(
        sa.select(ChargeProposal).where(ChargeProposal.kind == ChargeKind.LOSS)
    )
    if loss is not None:
        proposals.accept(loss, by=finance)


def _overdue(ends_at: datetime, desk: Member) -> None:
    """A loudspeaker and two laptops should have been back five hours ago."""
    _lend(
        Lent(
            "head@ban-xanh.example",
            "Quay phim lưu động: Dòng kênh xanh trở lại",
            Period(ends_at - timedelta(hours=9), ends_at),
            (("SPK", 1), ("NOTE", 2)),
            [Piece(tag=tag) for tag in ("SPK-01", "NOTE-01", "NOTE-02")],
        ),
        desk,
    )
