"""The JSON API under `/api/v1`."""

from flask import Flask

from portal.api import (
    alerts,
    approvals,
    availability,
    bank,
    bookings,
    books,
    changes,
    circuit_months,
    clearances,
    corrections,
    device_files,
    devices,
    discounts,
    documents,
    einvoices,
    endpoints,
    exports,
    files,
    following,
    health,
    holds,
    imports,
    invoice_runs,
    invoices,
    invoicing_details,
    maintenance,
    openapi,
    papers,
    part_invoices,
    payments,
    resources,
    series,
    traffic,
    waitlist,
)
from portal.api.openapi import PREFIX

ROOMS = (
    resources.room,
    availability.room,
    bookings.room,
    changes.room,
    series.room,
    holds.room,
    waitlist.room,
    approvals.room,
    files.room,
    papers.room,
    clearances.room,
    discounts.room,
    invoices.room,
    corrections.room,
    invoicing_details.room,
    invoice_runs.room,
    circuit_months.room,
    part_invoices.room,
    documents.room,
    einvoices.room,
    bank.room,
    payments.room,
    following.room,
    books.room,
    devices.room,
    device_files.room,
    health.room,
    alerts.room,
    endpoints.room,
    maintenance.room,
    traffic.room,
    exports.room,
    imports.room,
    openapi.room,
)


def register(app: Flask) -> None:
    """Hang the API into the app."""
    for room in ROOMS:
        app.register_blueprint(room, url_prefix=PREFIX)
