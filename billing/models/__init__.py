"""The rows of the billing floor."""

from billing.models.bank import (
    WAITING,
    BankEntry,
    BankMapping,
    BankMatch,
    BankStatement,
    EntryState,
)
from billing.models.cards import (
    CardEvent,
    CardEventOutcome,
    Checkout,
    CheckoutStatus,
    Dispute,
    DisputeStatus,
)
from billing.models.charges import Charge, ChargeKind, InterruptionCredit
from billing.models.circuit_months import CircuitMonth
from billing.models.closing import ClosedMonth
from billing.models.credit_notes import CreditNote, CreditNoteLine
from billing.models.discounts import Discount, DiscountStatus
from billing.models.error_notices import ErrorNotice, NoticeField
from billing.models.following import (
    Grace,
    PauseCause,
    Reminder,
    ReminderPause,
    Tone,
    WriteOff,
    WriteOffStatus,
)
from billing.models.invoices import (
    COLLECTING,
    Correction,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    NumberCounter,
)
from billing.models.payments import (
    Allocation,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from billing.models.promises import PromisedPrice
from billing.models.proposals import ChargeProposal, ProposalStatus
from billing.models.runs import Grouping, InvoiceRun, RunUnit
from billing.models.submissions import UNDER_WAY, Submission, SubmissionStatus
from billing.models.traffic import MeteredLine, TrafficEvidence, TrafficState
from billing.models.unbilled import UnbilledUse, UseState

__all__ = [
    "COLLECTING",
    "UNDER_WAY",
    "WAITING",
    "Allocation",
    "BankEntry",
    "BankMapping",
    "BankMatch",
    "BankStatement",
    "CardEvent",
    "CardEventOutcome",
    "Charge",
    "ChargeKind",
    "ChargeProposal",
    "Checkout",
    "CheckoutStatus",
    "CircuitMonth",
    "ClosedMonth",
    "Correction",
    "CreditNote",
    "CreditNoteLine",
    "Discount",
    "DiscountStatus",
    "Dispute",
    "DisputeStatus",
    "EntryState",
    "ErrorNotice",
    "Grace",
    "Grouping",
    "InterruptionCredit",
    "Invoice",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceRun",
    "InvoiceStatus",
    "MeteredLine",
    "NoticeField",
    "NumberCounter",
    "PauseCause",
    "Payment",
    "PaymentMethod",
    "PromisedPrice",
    "ProposalStatus",
    "Refund",
    "RefundStatus",
    "Reminder",
    "ReminderPause",
    "RunUnit",
    "Submission",
    "SubmissionStatus",
    "Tone",
    "TrafficEvidence",
    "TrafficState",
    "UnbilledUse",
    "UseState",
    "WriteOff",
    "WriteOffStatus",
]
