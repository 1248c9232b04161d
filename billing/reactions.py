"""What billing does when rental speaks, in the same transaction. Connected by the app factory."""

from billing import (
    advances,
    cancellation_charges,
    charges,
    interruption_credits,
    invoices,
    proposals,
    quotes,
    stops,
    traffic,
)
from billing.einvoice import submissions
from billing.interruption_credits import Deprived
from billing.models import CreditNote, Invoice
from billing.signals import credit_note_issued, invoice_issued, invoice_voided
from rental.models import (
    Booking,
    BookingStatus,
    Damage,
    Interruption,
    InterruptionFault,
    Line,
)
from rental.period import Period
from rental.signals import (
    booking_cancelled,
    booking_changed,
    booking_confirmed,
    booking_declined,
    booking_expired,
    booking_no_show,
    booking_requested,
    booking_returned,
    bookings_asked,
    damage_reported,
    interruption_judged,
    rental_interrupted,
)

_PROMISED = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)


def subscribe() -> None:
    """Listen to rental and to billing's own; calling it again changes nothing.

    A no-show keeps its charges, but for what the terms say is not owed.
    """
    bookings_asked.connect(stops.require_none)
    booking_requested.connect(_promise)
    booking_confirmed.connect(_charge)
    booking_changed.connect(_renew)
    booking_cancelled.connect(_cancel)
    booking_no_show.connect(_charge_no_show)
    for given_up in (booking_declined, booking_expired):
        given_up.connect(_reverse)
    rental_interrupted.connect(_credit)
    interruption_judged.connect(_reckon_anew)
    invoice_voided.connect(_settle)
    invoice_voided.connect(_withdraw)
    credit_note_issued.connect(_shrink)
    invoice_issued.connect(_queue)
    credit_note_issued.connect(_queue_note)
    damage_reported.connect(_propose)
    booking_returned.connect(_propose_late)


def _promise(booking: Booking) -> None:
    quotes.promise(booking)


def _charge(booking: Booking) -> None:
    # What no list priced when it was asked for has a price by now, or cannot be confirmed.
    quotes.promise(booking, is_asked=True)
    charges.add_for(booking)
    traffic.freeze_for(booking)


def _renew(booking: Booking) -> None:
    quotes.promise(booking)
    if booking.status in _PROMISED:
        charges.renew_for(booking)
        advances.follow(booking)


def _cancel(booking: Booking) -> None:
    cancellation_charges.charge_for(booking)


def _charge_no_show(booking: Booking) -> None:
    cancellation_charges.charge_no_show(booking)


def _settle(invoice: Invoice) -> None:
    for booking in invoices.bookings_of(invoice):
        if booking.status is BookingStatus.CANCELLED:
            cancellation_charges.settle(booking)


def _withdraw(invoice: Invoice) -> None:
    advances.withdraw(invoice)


def _shrink(note: CreditNote, *, invoice: Invoice) -> None:  # noqa: ARG001  # the signal says it
    advances.shrink(note)


def _queue(invoice: Invoice) -> None:
    submissions.queue(invoice)


def _queue_note(note: CreditNote, *, invoice: Invoice) -> None:  # noqa: ARG001  # the signal says it
    submissions.queue(note)


def _reverse(booking: Booking) -> None:
    charges.reverse_for(booking)


def _credit(_: Booking, *, line: Line, interruption: Interruption, period: Period) -> None:
    interruption_credits.credit(Deprived(line, interruption, period))


def _reckon_anew(interruption: Interruption, *, was: InterruptionFault) -> None:
    interruption_credits.reckon_anew(interruption, was=was)


def _propose(damage: Damage) -> None:
    proposals.propose_for_damage(damage)


def _propose_late(booking: Booking) -> None:
    proposals.propose_for_lateness(booking)
