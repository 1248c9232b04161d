"""The refusals of the rental floor."""

from typing import Any

from config.errors import Conflict, Invalid, NotAllowed, NotFound


class UnknownResource(NotFound):
    """There is no such resource; look it up in the catalogue."""


class UnknownBooking(NotFound):
    """There is no such booking."""


class UnknownSeries(NotFound):
    """There is no such series."""


class UnknownClosure(NotFound):
    """There is no such closure on this resource."""


class UnknownUnit(NotFound):
    """There is no such unit."""


class UnknownMember(NotFound):
    """There is no such member."""


class UnknownSite(NotFound):
    """There is no such site."""


class BadBooking(Invalid):
    """The booking does not say enough, or says what cannot be; correct it and send it again."""


class BadResource(Invalid):
    """The resource does not fit the catalogue; correct it and send it again."""


class CodeTaken(Conflict):
    """Another resource already has this code; choose another code."""


class ResourceUnavailable(Conflict):
    """Not free in this period; choose another time, another quantity or another resource."""

    def __init__(self, conflicts: list[dict[str, Any]]) -> None:
        """`conflicts`: one `{resource, starts_at, ends_at, free, wanted}` for each shortage."""
        names = ", ".join(dict.fromkeys(c["resource"] for c in conflicts))
        super().__init__(
            "Not free in this period: {resources}. Choose another time, quantity or resource.",
            words={"resources": names},
            conflicts=conflicts,
        )


class ResourceClosed(Conflict):
    """The resource is off the calendar; the reason stands in the catalogue."""


class ReservedForOthers(Conflict):
    """The period is kept for other units; choose another time or ask the desk."""


class BandwidthNotKept(Invalid):
    """Nothing keeps the circuit to the Mbps it is rented as; it cannot be promised."""


class HeldByAnother(Conflict):
    """Another unit holds this date; wait for its answer, or decline the request."""


class HoldEnded(Conflict):
    """The hold has ended already; look at the list and place a new one."""


class TooManyHolds(Conflict):
    """Your unit has as many holds as it may have; release one first."""


class UnknownHold(NotFound):
    """There is no such hold."""


class BadHold(Invalid):
    """The hold does not say what it may say; correct it and send it again."""


class NotTaken(Conflict):
    """It is free at that time: book it instead of waiting for it."""


class UnknownWait(NotFound):
    """There is no such place on the waitlist."""


class WaitEnded(Conflict):
    """This place on the waitlist has ended already; look at the list."""


class QuotaExceeded(Invalid):
    """Your unit has used what it may in this time; choose another week or ask the desk."""


class ApprovalsMissing(Conflict):
    """Not everybody whose approval it needs has said yes; ask those who are named."""


class UnknownApproval(NotFound):
    """There is no such approval for you to answer."""


class ApprovalSettled(Conflict):
    """The booking has moved on: its approvals are settled and can be answered no more."""


class MovedOn(Conflict):
    """The booking has moved on since you looked; look again before you decide."""


class ChangedMeanwhile(Conflict):
    """Somebody changed the booking while you did; compare both versions, then save again."""


class SeriesGoesOn(Conflict):
    """The series was split, and goes on under another reference; change that one."""


class BadProgramme(Invalid):
    """The programme does not fit the event; correct the point named and save again."""


class NotYourMove(NotAllowed):
    """Only the Centre's staff may do this; ask the desk."""


class UnknownFile(NotFound):
    """There is no such file on this booking."""


class BadFile(Invalid):
    """Only PDF, PNG, JPEG, WebP, DOCX, XLSX and ODT files are taken; save it as one of them."""


class FileTooLarge(Invalid):
    """The file is too large; send a smaller one."""


class FileStays(Conflict):
    """Only your own file may be deleted, of a request and where no clearance needs it."""


class UnknownPiece(NotFound):
    """Nothing here bears this tag or code; read the label again or type it."""


class NotHere(Conflict):
    """There are not so many here now; wait until some are back, or hand over another."""


class AlreadyOut(Conflict):
    """This asset is out already; take it back first."""


class AlreadyBack(Conflict):
    """It is back already; there is nothing left to do."""


class NotFit(Conflict):
    """This asset cannot be handed over; choose another."""


class NotBooked(Conflict):
    """The booking does not have this; hand over what is booked, or change the booking."""


class WhichBooking(Conflict):
    """Several bookings have such pieces out; choose the booking first, then scan again."""


class BadPiece(Invalid):
    """A piece is an asset's tag, or a resource and how many; correct it and send it again."""


class WhyAnother(Invalid):
    """Another model stands in for what was booked; say why, then hand it over."""


class UnknownDamage(NotFound):
    """There is no such damage."""


class UnknownClearance(NotFound):
    """There is no such clearance on this booking."""


class BadClearance(Invalid):
    """The clearance cannot be recorded like this; correct it and send it again."""


class ClearanceRefusal(Invalid):
    """The event lacks a clearance; see to it under “Clearances” on the page of the booking."""


class ClearanceMissing(ClearanceRefusal):
    """A notice is missing; lodge it with the authority, then upload it."""


class ClearanceLate(ClearanceRefusal):
    """The notice was lodged too late; move the event or record a decision with its reason."""


class ClearanceRefused(ClearanceRefusal):
    """The authority refused; decline or cancel the booking, or move the event."""


class ClearanceUnanswered(ClearanceRefusal):
    """The authority has not answered yet; record its answer first."""


class UnknownPlan(NotFound):
    """There is no such maintenance plan."""


class BadPlan(Invalid):
    """The maintenance plan does not fit; correct the point named and save again."""


class UnknownService(NotFound):
    """There is no such service in the history."""


class InService(Conflict):
    """It is being looked after already; finish that first."""


class ServiceOver(Conflict):
    """This service has ended already; look at its history."""


class BadService(Invalid):
    """This cannot be looked after so; correct the point named and send it again."""


class UnknownAgreement(NotFound):
    """There is no such agreement."""


class BadAgreement(Invalid):
    """The agreement does not say enough, or says what cannot be; correct it and send it again."""


class NumberTaken(Conflict):
    """Another agreement already has this number; look at the list."""


class AgreementsOverlap(Conflict):
    """Another agreement of the unit gives rates in the same days; end it before this one begins."""


class UnknownInterruption(NotFound):
    """There is no such interruption."""


class BadJudgement(Invalid):
    """Say in a sentence whose doing the interruption was and how you know."""


class BadSubstitute(Conflict):
    """It cannot stand in for what was booked, or is no longer free; look at the booking again."""
