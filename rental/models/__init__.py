"""The rows of the rental floor."""

from rental.models.agreements import Agreement, AgreementKind, AgreementTarget, TargetMeasure
from rental.models.approvals import (
    Approval,
    ApprovalStatus,
    Attachment,
    AttachmentKind,
    Clearance,
    ClearanceStatus,
)
from rental.models.bookings import HOLDING, Booking, BookingStatus, EventKind, Line, Organiser
from rental.models.handovers import (
    Damage,
    DamageKind,
    MaintenancePlan,
    Movement,
    ServiceKind,
    ServiceRecord,
)
from rental.models.holds import Hold, HoldLine, HoldStatus, WaitlistEntry, WaitStatus
from rental.models.journal import JournalEntry
from rental.models.occupancies import (
    Closure,
    ClosureException,
    ClosureKind,
    Interruption,
    InterruptionFault,
    Occupancy,
)
from rental.models.people import Member, Role, Site, Unit, UnitClass
from rental.models.programme import Contact, ProgrammeEntry
from rental.models.resources import Asset, AssetCondition, Part, Resource, ResourceKind
from rental.models.series import OnConflict, Series

__all__ = [
    "HOLDING",
    "Agreement",
    "AgreementKind",
    "AgreementTarget",
    "Approval",
    "ApprovalStatus",
    "Asset",
    "AssetCondition",
    "Attachment",
    "AttachmentKind",
    "Booking",
    "BookingStatus",
    "Clearance",
    "ClearanceStatus",
    "Closure",
    "ClosureException",
    "ClosureKind",
    "Contact",
    "Damage",
    "DamageKind",
    "EventKind",
    "Hold",
    "HoldLine",
    "HoldStatus",
    "Interruption",
    "InterruptionFault",
    "JournalEntry",
    "Line",
    "MaintenancePlan",
    "Member",
    "Movement",
    "Occupancy",
    "OnConflict",
    "Organiser",
    "Part",
    "ProgrammeEntry",
    "Resource",
    "ResourceKind",
    "Role",
    "Series",
    "ServiceKind",
    "ServiceRecord",
    "Site",
    "TargetMeasure",
    "Unit",
    "UnitClass",
    "WaitStatus",
    "WaitlistEntry",
]
