"""Replays the demo's events through the real services, each deed at its own instant."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing import credit_notes, invoices, payments
from billing.credit_notes import NewCredit
from billing.models import Invoice, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from portal.demo import clearances
from portal.demo.events import Fate, Plan
from rental import approvals, bookings, units
from rental.asking import RequestedBooking, WantedLine
from rental.errors import ResourceUnavailable
from rental.models import ApprovalStatus, Booking, Member, Role

Deed = Callable[[], object]
# What becomes of the invoice of an event that took place, in turn, so that each state is there.
PAPERS = (
    "paid", "paid", "open", "paid", "credited", "part", "paid", "void", "draft", "paid",
    "uncollectible", "open", "cash",
)  # fmt: skip
APPROVERS = {
    Role.OPERATOR: "operator@centre.example",
    Role.DIRECTOR: "director@centre.example",
    None: "admin@centre.example",
}


@dataclass(slots=True)
class Diary:
    """Deeds with their instants; `replay` does them in order, the clock standing at each."""

    now: datetime
    deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)

    def note(self, at: datetime, deed: Deed) -> None:
        """Plan a deed; what lies in the future is left to the people."""
        if at <= self.now:
            self.deeds.append((at, len(self.deeds), deed))

    def replay(self) -> None:
        """Do everything, oldest first; equal instants in the order they were noted."""
        for at, _, deed in sorted(self.deeds, key=lambda each: each[:2]):
            with clock.standing_at(at):
                deed()


@dataclass(slots=True)
class Story:
    """One event on its way through the house."""

    plan: Plan
    by: Member
    desk: Member
    finance: Member
    booking: Booking | None = None
    invoice: Invoice | None = None

    def request(self) -> None:
        """Ask for it; where the gear is gone, as it is in life, the event is not held here."""
        wanted = RequestedBooking(
            unit=self.by.unit,
            title=self.plan.title,
            event_kind=self.plan.kind.event_kind,
            organiser=self.plan.kind.organiser,
            attendees=self.plan.attendees,
            lines=[WantedLine(code, n, self.plan.period) for code, n in self.plan.lines],
        )
        try:
            self.booking = bookings.request(wanted, by=self.by)
        except ResourceUnavailable:
            self.booking = None
        else:
            clearances.follow(self.booking, self.plan, by=self.by, desk=self.desk)

    def then(self, deed: Callable[[Booking], object]) -> Deed:
        """A deed that is done only if there is a booking."""

        def act() -> None:
            if self.booking is not None:
                deed(self.booking)

        return act

    def confirm(self, booking: Booking) -> None:
        """Everybody who is asked says yes, and then the desk."""
        for approval in approvals.missing_of([booking]).get(booking.id, []):
            who = units.member_by_email(APPROVERS[approval.role])
            approvals.answer(approval, ApprovalStatus.APPROVED, by=who)
        bookings.confirm(booking, by=self.desk)

    def decline(self, booking: Booking) -> None:
        """The desk says no."""
        reason = "Trùng lịch tổng duyệt kỹ thuật; mời chọn buổi khác trong tuần."
        bookings.decline(booking, by=self.desk, reason=reason)

    def cancel(self, booking: Booking) -> None:
        """The unit takes it back."""
        bookings.cancel(booking, by=self.by, reason="Đơn vị dời sự kiện sang tháng sau.")

    def draft(self, booking: Booking) -> None:
        """Finance begins the invoice."""
        self.invoice = invoices.draft_for(booking)

    def issue(self, booking: Booking) -> None:
        """Finance issues it."""
        self.draft(booking)
        if self.invoice is not None:
            invoices.issue(self.invoice, by=self.finance)

    def pay(self, share: int = 100, method: PaymentMethod = PaymentMethod.TRANSFER) -> Deed:
        """Record a payment of so many percent of the total."""

        def act() -> None:
            if self.invoice is None:
                return
            amount = Money(self.invoice.total_minor * share // 100, self.invoice.currency)
            slip = f"FT{self.invoice.reference.replace('-', '')}{share}"
            payments.record(self.invoice, NewPayment(method, amount, slip), by=self.finance)

        return act

    def paper(self, deed: Callable[[Invoice], object]) -> Deed:
        """A deed that is done only if there is an invoice."""

        def act() -> None:
            if self.invoice is not None:
                deed(self.invoice)

        return act

    def void(self, invoice: Invoice) -> None:
        """Declare it void."""
        invoices.void(invoice, by=self.finance, reason="Sai đơn vị nhận, lập lại hóa đơn.")

    def write_off(self, invoice: Invoice) -> None:
        """Give it up."""
        reason = "Đơn vị đã giải thể, không còn khả năng thu."
        invoices.write_off(invoice, by=self.finance, reason=reason)

    def credit(self, invoice: Invoice) -> None:
        """Take a tenth off."""
        tenth = Money(invoice.total_minor // 10, invoice.currency)
        new = NewCredit(reason="Giảm giá do micro hỏng trong 40 phút.", amount=tenth)
        credit_notes.issue(invoice, new, by=self.finance)


def tell(plans: list[Plan], diary: Diary, seed: int) -> None:
    """Write every plan into the diary, with its papers."""
    dice = random.Random(seed)
    desk = units.member_by_email("desk@centre.example")
    finance = units.member_by_email("finance@centre.example")
    held = 0
    for plan in plans:
        story = Story(plan, units.member_by_email(plan.email), desk, finance)
        diary.note(plan.requested_at, story.request)
        _follow(story, diary, dice)
        if plan.fate is Fate.RETURNED:
            _paper(story, diary, PAPERS[held % len(PAPERS)])
            held += 1


def _follow(story: Story, diary: Diary, dice: random.Random) -> None:
    plan, fate = story.plan, story.plan.fate
    starts_at, ends_at = plan.period.starts_at, plan.period.ends_at
    # An answer within two days, and always before the event and before now.
    latest = min(starts_at, diary.now) - plan.requested_at
    answered_at = plan.requested_at + min(timedelta(hours=dice.randint(2, 40)), latest * 0.8)
    if fate is Fate.DECLINED:
        diary.note(answered_at, story.then(story.decline))
        return
    if fate is Fate.EXPIRED:
        diary.note(plan.requested_at + timedelta(days=7), bookings.expire_overdue)
    if fate in (Fate.REQUESTED, Fate.EXPIRED):
        return
    diary.note(answered_at, story.then(story.confirm))
    if fate is Fate.CANCELLED:
        later = answered_at + (min(starts_at, diary.now) - answered_at) / 2
        diary.note(later, story.then(story.cancel))
    elif fate is Fate.NO_SHOW:
        diary.note(
            starts_at + timedelta(hours=1),
            story.then(lambda booking: bookings.no_show(booking, by=story.desk)),
        )
    elif fate in (Fate.RETURNED, Fate.RUNNING):
        diary.note(
            starts_at - timedelta(minutes=10),
            story.then(lambda booking: bookings.hand_over(booking, by=story.desk)),
        )
    if fate is Fate.RETURNED:
        diary.note(
            ends_at + timedelta(minutes=10),
            story.then(lambda b: bookings.return_(b, by=story.desk, condition="Đủ, tốt")),
        )
    elif fate is Fate.RUNNING:
        # A draft, so that an outage of the encoder becomes a line on it.
        diary.note(starts_at, story.then(story.draft))


def _paper(story: Story, diary: Diary, paper: str) -> None:
    """The invoice of an event that took place."""
    issued_at = story.plan.period.ends_at + timedelta(minutes=25)
    if paper == "draft":
        diary.note(issued_at, story.then(story.draft))
        return
    diary.note(issued_at, story.then(story.issue))
    soon, later = issued_at + timedelta(hours=20), issued_at + timedelta(hours=44)
    if paper == "paid":
        diary.note(later, story.pay())
    elif paper == "cash":
        diary.note(soon, story.pay(100, PaymentMethod.CASH))
    elif paper == "part":
        diary.note(soon, story.pay(40))
    elif paper == "credited":
        diary.note(soon, story.paper(story.credit))
    elif paper == "void":
        diary.note(soon, story.paper(story.void))
    elif paper == "uncollectible":
        diary.note(later, story.paper(story.write_off))
