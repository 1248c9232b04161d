"""Jobs that come round: one module a room, each with the tasks it gives to the queue.

Importing a module registers its tasks; the clock names them in `portal.clock.turns`.
"""

from portal.rounds import (
    alerts,
    bank_matching,
    card_refunds,
    circuit_months,
    claims,
    clearances,
    configurations,
    device_tests,
    einvoices,
    endpoints,
    facts,
    invoice_runs,
    maintenance,
    no_shows,
    overdue,
    ports,
    readiness,
    readings,
    reconfirmations,
    reminders,
    rewrapping,
    surveys,
)

__all__ = [
    "alerts",
    "bank_matching",
    "card_refunds",
    "circuit_months",
    "claims",
    "clearances",
    "configurations",
    "device_tests",
    "einvoices",
    "endpoints",
    "facts",
    "invoice_runs",
    "maintenance",
    "no_shows",
    "overdue",
    "ports",
    "readiness",
    "readings",
    "reconfirmations",
    "reminders",
    "rewrapping",
    "surveys",
]
