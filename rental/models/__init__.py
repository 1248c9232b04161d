"""The rows of the rental floor."""

from rental.models.bookings import (
    HOLDING,
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Organiser,
)
from rental.models.journal import JournalEntry
from rental.models.occupancies import Closure, ClosureKind, Interruption, Occupancy
from rental.models.people import Member, Role, Site, Unit, UnitClass
from rental.models.resources import Asset, AssetCondition, Part, Resource, ResourceKind

__all__ = [
    "HOLDING",
    "Asset",
    "AssetCondition",
    "Booking",
    "BookingStatus",
    "Closure",
    "ClosureKind",
    "EventKind",
    "Interruption",
    "JournalEntry",
    "Line",
    "Member",
    "Occupancy",
    "Organiser",
    "Part",
    "Resource",
    "ResourceKind",
    "Role",
    "Site",
    "Unit",
    "UnitClass",
]
