"""The journal speaks of every deed in words, whichever room writes it."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from billing.models.cards import DisputeStatus
from billing.models.discounts import DiscountStatus
from monitoring.models.guests import GuestEnd
from monitoring.models.remediations import RemediationStatus
from monitoring.models.waivers import WaiverStatus
from portal.catalogue_files import loading
from portal.pages import diary
from rental.models.approvals import ApprovalStatus, ClearanceStatus
from rental.models.bookings import BookingStatus
from rental.models.handovers import DamageKind
from rental.models.holds import HoldStatus
from rental.models.occupancies import ClosureKind

# Deeds that are put together: the beginning of the word, what it goes on with, and what never is.
PUT_TOGETHER = (
    ("", BookingStatus, {BookingStatus.REQUESTED}),
    ("", HoldStatus, {HoldStatus.STANDING}),
    ("approval_", ApprovalStatus, {ApprovalStatus.PENDING}),
    ("clearance_", ClearanceStatus, set()),
    ("closed_", ClosureKind, set()),
    ("reported_", DamageKind, set()),
    ("guests_", GuestEnd, set()),
    ("remediation_", RemediationStatus, {RemediationStatus.CHECKED, RemediationStatus.APPLYING}),
    ("waiver_", WaiverStatus, {WaiverStatus.IN_FORCE, WaiverStatus.LAPSED}),
    ("discount_", DiscountStatus, set()),
    ("dispute_", DisputeStatus, {DisputeStatus.OPEN}),
)
HOME = Path(__file__).parents[2]
FLOORS = ("config", "rental", "billing", "monitoring", "portal")


def _recorded() -> Iterator[tuple[str, str]]:
    """Every deed that is written with a word of its own, and the file that writes it."""
    for floor in FLOORS:
        for path in (HOME / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if _is_record(node) and isinstance(verb := node.args[1], ast.Constant):
                    yield str(verb.value), f"{path.relative_to(HOME)}"


def _is_record(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "record"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "journal"
    )


def test_every_deed_that_a_room_records_has_words() -> None:
    recorded = list(_recorded())
    assert len(recorded) > 100
    wordless = {f"{path}: {verb}" for verb, path in recorded if _key(verb) not in diary.VERBS}
    assert not wordless


def _key(verb: str) -> str:
    return verb.replace(" ", "_")


@pytest.mark.parametrize(("begins", "words", "never"), PUT_TOGETHER)
def test_every_deed_that_is_put_together_has_words(
    begins: str, words: type[StrEnum], never: set[StrEnum]
) -> None:
    wordless = [f"{begins}{one.value}" for one in words if one not in never]
    assert [verb for verb in wordless if verb not in diary.VERBS] == []


def test_what_a_file_adds_and_changes_has_words() -> None:
    assert {f"imported_{verb}" for verb in (loading.ADDED, loading.CHANGED)} <= set(diary.VERBS)
