"""The journal in words: who did what, when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from portal.pages import differences, formats
from portal.pages.reasons import reasons_said
from rental.models import JournalEntry

VERBS = {
    "requested": _("requested"),
    "changed": _("changed"),
    "confirmed": _("confirmed"),
    "declined": _("declined"),
    "cancelled": _("cancelled"),
    "handed_over": _("handed over"),
    "returned": _("returned"),
    "expired": _("expired"),
    "no_show": _("marked as no-show"),
    "reopened": _("reopened"),
    "closed_quarantine": _("quarantined"),
    "closed_sooner": _("closed sooner than planned"),
    "closed_maintenance": _("closed for maintenance"),
    "closed_holiday": _("closed for a holiday"),
    "drafted": _("drafted"),
    "issued": _("issued"),
    "paid": _("payment recorded"),
    "payment_recorded": _("payment recorded"),
    "credited": _("credited"),
    "adjusted": _("adjusted"),
    "replaced": _("replaced"),
    "notified_of_an_error": _("notified of an error"),
    "voided": _("voided"),
    "void": _("voided"),
    "written_off": _("written off"),
    "signed_in": _("signed in"),
    "acknowledged": _("acknowledged"),
    "waived": _("waived"),
    "waiver_asked": _("waiver asked for"),
    "waiver_declined": _("waiver refused"),
    "waiver_withdrawn": _("waiver taken back"),
    "waiver_moved": _("waiver moved with its booking"),
    "waiver_ended": _("waiver ended"),
    "resolved": _("resolved"),
    "opened": _("opened"),
    "added": _("added"),
    "imported": _("imported"),
    "clearance_needed": _("notice needed anew"),
    "clearance_dropped": _("notice no longer needed"),
    "clearance_lodged": _("notice lodged"),
    "clearance_accepted": _("clearance given"),
    "clearance_refused": _("clearance refused"),
    "clearance_exempt": _("exempt from the notice"),
    "reminded": _("reminded"),
    "pieces_handed_over": _("pieces handed over"),
    "pieces_returned": _("pieces taken back"),
    "substituted": _("another model went"),
    "overdue": _("overdue"),
    "reported_damaged": _("damage reported"),
    "reported_lost": _("loss reported"),
    "mended": _("repaired or replaced"),
    "closed_overdue": _("counted as out, because overdue"),
    "proposal_accepted": _("proposal accepted"),
    "proposal_dropped": _("proposal dropped"),
    "file_added": _("file added"),
    "file_deleted": _("file deleted"),
    "publishing_asked": _("asked to be published"),
    "publishing_declined": _("not on the public programme"),
    "published": _("published"),
    "held": _("held"),
    "extended": _("extended"),
    "released": _("released"),
    "converted": _("booked"),
    "lapsed": _("lapsed"),
    "challenged": _("asked for by another unit"),
    "became_first": _("became the first"),
    "warned": _("reminded of the end"),
    "passed_over": _("passed over"),
    "passed_over_hold": _("confirmed over a hold"),
    "exceeded_quota": _("booked beyond a quota"),
    "approval_approved": _("approved"),
    "approval_refused": _("approval refused"),
    "waiting": _("joined the waitlist"),
    "withdrawn": _("left the waitlist"),
    "offered": _("offered the date"),
    "closed_reserved": _("kept for some units"),
    "owner_set": _("owner noted"),
    "programme_changed": _("programme changed"),
    "change_asked": _("asked the desk for a change"),
    "change_answered": _("wish for a change answered"),
    "reconfirmation_asked": _("asked whether it is still needed"),
    "reconfirmed": _("kept for longer"),
    "let_go": _("let go, not kept in time"),
    "service_begun": _("begun to be looked after"),
    "service_finished": _("finished being looked after"),
    "service_dropped": _("service begun by mistake"),
    "ended": _("ended"),
    "reminders_paused": _("reminders paused"),
    "reminders_resumed": _("reminders go on"),
    "write_off_proposed": _("write-off proposed"),
    "write_off_refused": _("write-off refused"),
    "write_off_withdrawn": _("write-off taken back"),
    "statement_sent": _("statement of account sent"),
    "grace_granted": _("may go on booking though overdue"),
    "grace_ended": _("leave to go on booking taken back"),
    "month_closed": _("month closed"),
    "month_reopened": _("month opened again"),
    "month_reconciled": _("month of a circuit reconciled"),
    "month_unreconciled": _("reconciliation of a month taken back"),
    "judged": _("said whose doing it was"),
    "traffic_sealed": _("traffic sealed"),
    "traffic_accepted": _("traffic charged"),
    "traffic_withdrawn": _("evidence withdrawn"),
    "use_sealed": _("unbilled use sealed"),
    "use_charged": _("unbilled use charged"),
    "use_dismissed": _("unbilled use not charged"),
    "use_covered": _("unbilled use booked late"),
    "use_reopened": _("decision on unbilled use taken back"),
    "paid_from_balance": _("paid from the balance"),
    "payment_taken_off": _("payment taken off"),
    "payment_reversed": _("payment taken back"),
    "discount_proposed": _("discount proposed"),
    "discount_approved": _("discount approved"),
    "discount_declined": _("discount refused"),
    "discount_withdrawn": _("discount taken back"),
    "card_payment_begun": _("card payment begun"),
    "refund_asked_for": _("refund asked for"),
    "refunded": _("refunded"),
    "refund_failed": _("refund came to nothing"),
    "disputed": _("disputed by the payer"),
    "dispute_won": _("dispute won"),
    "dispute_lost": _("dispute lost"),
    "einvoice_accepted": _("e-invoice accepted"),
    "einvoice_refused": _("e-invoice refused"),
    "invoicing_details_changed": _("invoicing details changed"),
    "einvoice_retried": _("e-invoice handed in again"),
    "secret_replaced": _("secret replaced"),
    "removed": _("removed"),
    "test_asked": _("tested"),
    "survey_asked": _("survey of a network begun"),
    "survey_cancelled": _("survey of a network cancelled"),
    "survey_added": _("devices added from a survey"),
    "configuration_seen": _("configuration looked at"),
    "configuration_downloaded": _("configuration downloaded"),
    "configurations_compared": _("configurations compared"),
    "configurations_searched": _("configurations searched"),
    "host_key_approved": _("host key approved"),
    "paused": _("polled no more"),
    "resumed": _("polled again"),
    "retired": _("taken out of use"),
    "restored": _("taken back into use"),
    "managed": _("switched by bookings"),
    "readiness_signed": _("signed for what was not ready"),
    "guests_made": _("Wi-Fi for guests made"),
    "guests_released": _("Wi-Fi for guests no longer needed"),
    "guests_expired": _("Wi-Fi for guests over"),
    "guests_moved": _("Wi-Fi for guests made anew later"),
    "guests_revoked": _("Wi-Fi for guests revoked"),
    "guests_renewed": _("Wi-Fi for guests renewed"),
    "remediation_planned": _("remediation asked for"),
    "remediation_taken_up": _("remediation taken up"),
    "remediation_approved": _("remediation approved"),
    "remediation_withdrawn": _("remediation taken back"),
    "remediation_begun": _("remediation begun"),
    "remediation_differs": _("remediation would change something else"),
    "remediation_going_back": _("remediation is taken back"),
    "remediation_verified": _("remediation cured it"),
    "remediation_rolled_back": _("remediation undone"),
    "remediation_unchanged": _("remediation found nothing to change"),
    "remediation_failed": _("remediation failed"),
    "left_alone": _("switched by bookings no more"),
    "limited_elsewhere": _("noted what else limits it"),
    "not_limited_elsewhere": _("nothing else limits it"),
    "not_kept_to_its_mbps": _("not kept to its Mbit/s"),
    "kept_to_its_mbps": _("kept to its Mbit/s again"),
    "endpoint_added": _("endpoint added"),
    "endpoint_changed": _("endpoint changed"),
    "endpoint_removed": _("endpoint removed"),
    "factory_login_asked": _("factory login to be tried"),
    "queued_again": _("sent off again"),
    "started": _("begun"),
    "matched": _("matched with a payment"),
    "ignored": _("set aside"),
    "match_undone": _("match taken back"),
    "revoked": _("revoked"),
    "password_set": _("password set"),
    "imported_added": _("added from a file"),
    "imported_changed": _("changed from a file"),
}
SUBJECTS = {
    "booking": _("Booking"),
    "clearance": _("Clearance"),
    "resource": _("Resource"),
    "invoice": _("Invoice"),
    "credit_note": _("Credit note"),
    "payment": _("Payment"),
    "device": _("Device"),
    "access_port": _("Port of a circuit"),
    "credential": _("Credential"),
    "survey": _("Survey of a network"),
    "violation": _("Violation"),
    "outage": _("Outage"),
    "member": _("Member"),
    "unit": _("Unit"),
    "hold": _("Hold"),
    "waitlist_entry": _("Waitlist"),
    "imported_file": _("Imported file"),
    "series": _("Series"),
    "maintenance_plan": _("Maintenance plan"),
    "service_record": _("Service"),
    "agreement": _("Agreement"),
    "discount": _("Discount"),
    "closed_month": _("Month"),
    "interruption": _("Interruption"),
    "traffic_evidence": _("Metered traffic"),
    "unbilled_use": _("Unbilled use"),
    "problem": _("Problem"),
    "silence": _("Silence"),
    "duty_shift": _("On-call duty"),
    "delivery": _("Sent alert"),
    "invoice_run": _("Invoice run"),
    "bank_statement": _("Bank statement"),
    "bank_entry": _("Row of a bank statement"),
    "wall_link": _("Link to the wall screen"),
    "site": _("Site"),
    "asset": _("Asset"),
}
# Details that mean something to a person; the others are for machines.
TOLD = (
    "pieces", "reason", "condition", "reference", "number", "amount", "filename", "network",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the journal as a page writes it."""

    at: datetime
    verb: Any
    who: Any
    subject: Any
    subject_id: int
    words: str


def _shown(name: str, value: Any) -> str:
    if name == "pieces":
        return gettext("%(stock)s pieces", stock=value)
    return formats.money(value) if name == "amount" and isinstance(value, int) else str(value)


def _words(entry: JournalEntry) -> list[str]:
    words = [_shown(k, entry.details[k]) for k in TOLD if entry.details.get(k)]
    words.append(reasons_said(entry.details.get("reasons") or []))
    if entry.subject == "booking" and entry.verb == "changed":
        words.append(differences.told(entry.details))
    if entry.verb == "issued" and entry.details.get("buyer"):
        words.append(gettext("the buyer gave no code"))
    if entry.subject == "series" and entry.details.get("dates"):
        words.append(gettext("dates: %(count)s", count=entry.details["dates"]))
    return [word for word in words if word]


def told(entries: Iterable[JournalEntry]) -> list[Told]:
    """The entries in words, in the order given."""
    return [
        Told(
            at=entry.at,
            verb=VERBS.get(entry.verb.replace(" ", "_"), entry.verb),
            who=entry.member.name if entry.member else gettext("the service"),
            subject=SUBJECTS.get(entry.subject, entry.subject),
            subject_id=entry.subject_id,
            words=" · ".join(_words(entry)),
        )
        for entry in entries
    ]
