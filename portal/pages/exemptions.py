"""What the booking form says about an exemption from a notice."""

from flask import request

from portal.access import current_member
from rental import clearance_rules, clearances
from rental.models import Booking


def note(*requested: Booking) -> None:
    """Take up the exemption of the form for each booking, in the form's transaction.

    Raises BadClearance without a reason. What no rule exempts is left alone: the box was ticked
    for another kind of event and is no longer shown.
    """
    if not request.form.get("exempt"):
        return
    for booking in requested:
        for clearance in clearances.of(booking):
            rule = clearance_rules.find(clearance.rule)
            if rule is not None and rule.exemption is not None:
                reason = request.form.get("exempt_reason", "")
                clearances.exempt(clearance, reason, by=current_member())
