"""How every state is shown: a word, an icon and a tone. The colour never speaks alone."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class State:
    """One state as a badge: `tone` is calm, info, good, warn, bad or plum."""

    tone: str
    icon: str
    word: Any


BOOKING = {
    "requested": State("warn", "hourglass", _("Requested")),
    "confirmed": State("info", "circle-check", _("Confirmed")),
    "handed_over": State("good", "package-export", _("Handed over")),
    "returned": State("calm", "package-import", _("Returned")),
    "declined": State("bad", "circle-x", _("Declined")),
    "cancelled": State("calm", "ban", _("Cancelled")),
    "expired": State("calm", "clock", _("Expired")),
    "no_show": State("bad", "user-x", _("No-show")),
}
INVOICE = {
    "draft": State("calm", "pencil", _("Draft")),
    "open": State("warn", "file-invoice", _("Awaiting payment")),
    "overdue": State("bad", "alert-circle", _("Overdue")),
    "paid": State("good", "circle-check", _("Paid")),
    "void": State("calm", "file-x", _("Void")),
    "uncollectible": State("bad", "circle-x", _("Uncollectible")),
}
DEVICE = {
    "up": State("good", "circle-check", _("Reachable")),
    "degraded": State("warn", "alert-triangle", _("Degraded")),
    "down": State("bad", "alert-octagon", _("Unreachable")),
    "unknown": State("calm", "circle-dashed", _("Not polled yet")),
}
LINK = {
    "up": State("good", "circle-check", _("Up")),
    "down": State("calm", "circle-x", _("Down")),
    "testing": State("warn", "tool", _("Testing")),
}
VIOLATION = {
    "open": State("bad", "shield-x", _("Open")),
    "acknowledged": State("warn", "eye", _("Acknowledged")),
    "waived": State("plum", "scale", _("Waived")),
    "resolved": State("good", "shield-check", _("Resolved")),
}
SEVERITY = {
    "critical": State("bad", "alert-octagon", _("Critical")),
    "high": State("bad", "alert-triangle", _("High")),
    "medium": State("warn", "alert-circle", _("Medium")),
    "low": State("calm", "info-circle", _("Low")),
}
RISK = {
    "extreme": State("bad", "alert-octagon", _("Very high risk")),
    "high": State("bad", "alert-triangle", _("High risk")),
    "moderate": State("warn", "alert-circle", _("Moderate risk")),
    "low": State("calm", "info-circle", _("Low risk")),
}
CLOSURE = {
    "maintenance": State("warn", "tool", _("Maintenance")),
    "quarantine": State("bad", "shield-x", _("Quarantine")),
    "holiday": State("calm", "calendar-off", _("Holiday")),
    "overdue": State("bad", "clock", _("Overdue")),
    "reserved": State("plum", "lock", _("Reserved")),
}
CLEARANCE = {
    "needed": State("warn", "hourglass", _("Needed")),
    "lodged": State("info", "send", _("Lodged")),
    "accepted": State("good", "file-check", _("May go ahead")),
    "refused": State("bad", "file-x", _("Refused by the authority")),
    "exempt": State("plum", "scale", _("Exempt")),
}
CONDITION = {
    "good": State("good", "circle-check", _("Good")),
    "worn": State("warn", "alert-circle", _("Worn")),
    "damaged": State("bad", "tool", _("Damaged")),
    "lost": State("bad", "help-circle", _("Lost")),
}
DISCOUNT = {
    "proposed": State("warn", "hourglass", _("Waiting")),
    "approved": State("good", "circle-check", _("Approved")),
    "declined": State("calm", "x", _("Refused")),
    "withdrawn": State("calm", "x", _("Taken back")),
}
PROPOSAL = {
    "proposed": State("warn", "hourglass", _("Waiting")),
    "accepted": State("good", "circle-check", _("Accepted")),
    "dropped": State("calm", "x", _("Dropped")),
}
WRITE_OFF = {
    "proposed": State("warn", "hourglass", _("Waiting")),
    "approved": State("plum", "file-x", _("Written off")),
    "refused": State("calm", "arrow-back-up", _("Collected further")),
    "withdrawn": State("calm", "x", _("Taken back")),
}
REFUND = {
    "requested": State("warn", "hourglass", _("To be paid out")),
    "succeeded": State("good", "circle-check", _("Paid out")),
    "failed": State("bad", "circle-x", _("Came to nothing")),
}
DISPUTE = {
    "open": State("bad", "alert-circle", _("Disputed")),
    "won": State("good", "circle-check", _("Won")),
    "lost": State("bad", "circle-x", _("Lost")),
}
EINVOICE = {
    "queued": State("calm", "hourglass", _("To be handed in")),
    "submitted": State("info", "send", _("Handed in, no answer yet")),
    "accepted": State("good", "circle-check", _("Accepted by the provider")),
    "refused": State("bad", "circle-x", _("Refused by the provider")),
}
FINDING = {
    "pass": State("good", "circle-check", _("Passes")),
    "fail": State("bad", "circle-x", _("Fails")),
    "unknown": State("calm", "help-circle", _("Unknown")),
    "not_applicable": State("calm", "minus", _("Not applicable")),
    "waived": State("plum", "scale", _("Waived")),
}
REMEDIATION = {
    "planned": State("info", "hourglass", _("Being checked")),
    "checked": State("warn", "eye", _("To be approved")),
    "approved": State("info", "circle-check", _("Approved")),
    "applying": State("info", "tool", _("Being applied")),
    "verified": State("good", "shield-check", _("Cured")),
    "rolled_back": State("bad", "arrow-back-up", _("Undone")),
    "unchanged": State("calm", "minus", _("Nothing to change")),
    "failed": State("bad", "circle-x", _("Failed")),
    "withdrawn": State("calm", "x", _("Taken back")),
}
HOLD = {
    "standing": State("info", "hand-stop", _("On hold")),
    "converted": State("good", "circle-check", _("Booked")),
    "lapsed": State("calm", "clock", _("Lapsed")),
    "released": State("calm", "arrow-back-up", _("Released")),
}
WAIT = {
    "waiting": State("warn", "hourglass", _("Waiting")),
    "offered": State("good", "bell", _("Offered to you")),
    "taken": State("good", "circle-check", _("Booked")),
    "lapsed": State("calm", "clock", _("Lapsed")),
    "withdrawn": State("calm", "x", _("Withdrawn")),
}
APPROVAL = {
    "pending": State("warn", "hourglass", _("Not answered")),
    "approved": State("good", "circle-check", _("Approved")),
    "refused": State("bad", "circle-x", _("Refused")),
}
ENDPOINT = {
    "up": State("good", "circle-check", _("Answers")),
    "slow": State("warn", "hourglass", _("Slow")),
    "down": State("bad", "alert-octagon", _("Down")),
    "unknown": State("calm", "circle-dashed", _("Not asked yet")),
}
ALL = {
    "endpoint": ENDPOINT,
    "booking": BOOKING,
    "invoice": INVOICE,
    "device": DEVICE,
    "link": LINK,
    "violation": VIOLATION,
    "severity": SEVERITY,
    "risk": RISK,
    "closure": CLOSURE,
    "clearance": CLEARANCE,
    "condition": CONDITION,
    "proposal": PROPOSAL,
    "discount": DISCOUNT,
    "write_off": WRITE_OFF,
    "refund": REFUND,
    "dispute": DISPUTE,
    "einvoice": EINVOICE,
    "finding": FINDING,
    "remediation": REMEDIATION,
    "hold": HOLD,
    "wait": WAIT,
    "approval": APPROVAL,
}

KINDS = {"hall": _("Halls"), "equipment": _("Equipment"), "circuit": _("Circuits")}
KIND = {"hall": _("Hall"), "equipment": _("Equipment"), "circuit": _("Circuit")}
# A category is free text; these are the common ones, as the catalogue's files write them.
CATEGORIES = {
    "computing": _("Computing"),
    "interpretation": _("Interpretation"),
    "screen": _("Screens and projection"),
    "sound": _("Sound"),
    "video": _("Video"),
}
KIND_ICONS = {"hall": "presentation", "equipment": "camera", "circuit": "network"}
ROLES = {
    "member": _("Member of a unit"),
    "head": _("Head of a unit"),
    "desk": _("Desk"),
    "finance": _("Finance"),
    "operator": _("Operator"),
    "director": _("Director"),
    "administrator": _("Administrator"),
}
PLATFORMS = {
    "generic": _("Another, or not known"),
    "cisco_ios": "Cisco IOS",
    "cisco_xe": "Cisco IOS XE",
    "cisco_nxos": "Cisco NX-OS",
    "arista_eos": "Arista EOS",
    "juniper_junos": "Juniper Junos",
    "mikrotik_routeros": "MikroTik RouterOS",
    "hp_procurve": "HP ProCurve, Aruba",
    "linux": "Linux",
}
DEVICE_ROLES = {
    "encoder": _("Encoder"),
    "switch": _("Switch"),
    "router": _("Router"),
    "ups": _("UPS"),
    "camera": _("Camera"),
    "server": _("Server"),
    "other": _("Other device"),
}
EVENT_KINDS = {
    "press_conference": _("Press conference"),
    "conference": _("Conference"),
    "seminar": _("Seminar"),
    "forum": _("Forum"),
    "exhibition": _("Exhibition"),
    "training": _("Training"),
    "broadcast": _("Broadcast"),
    "other": _("Other event"),
}
ORGANISERS = {"domestic": _("Domestic organiser"), "foreign": _("Foreign organiser")}
FILE_KINDS = {
    "notice": _("Notice to the authority"),
    "answer": _("Answer of the authority"),
    "condition": _("Picture of the condition"),
    "other": _("File"),
}
METHODS = {"transfer": _("Bank transfer"), "cash": _("Cash"), "card": _("Card")}


def category(word: str) -> Any:
    """How to show a category: the common ones in the language of the page, others as they are."""
    return CATEGORIES.get(word, word)


def state(family: str, value: Any) -> State:
    """How to show `value` of a family of states; an unknown word is shown as it is."""
    word = str(getattr(value, "value", value))
    return ALL[family].get(word) or State("calm", "circle", word)


NAMES = {
    "state": state,
    "category_word": category,
    "KINDS": KINDS,
    "KIND": KIND,
    "KIND_ICONS": KIND_ICONS,
    "ROLES": ROLES,
    "DEVICE_ROLES": DEVICE_ROLES,
    "EVENT_KINDS": EVENT_KINDS,
    "ORGANISERS": ORGANISERS,
    "FILE_KINDS": FILE_KINDS,
    "METHODS": METHODS,
}
