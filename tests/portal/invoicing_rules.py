"""Who may use the addresses of advances, part invoices and invoicing details, for the table."""

OWN, ALL = "change own invoicing details", "change every unit's invoicing details"
PAGES = {
    "GET /invoicing": OWN,
    "GET /units/invoicing": ALL,
    "GET /units/<unit_slug>/invoicing": OWN,
    "POST /units/<unit_slug>/invoicing": OWN,
    "POST /units/<unit_slug>/invoicing/check/<code_name>": OWN,
    "GET /exports/invoices.<form>": "see own invoices",
    "GET /bookings/<reference>/invoicing": "issue invoices",
    "POST /bookings/<reference>/advances": "issue invoices",
    "POST /bookings/<reference>/advances/give-back": "credit invoices",
    "POST /bookings/<reference>/part-invoices": "issue invoices",
    "GET /circuit-months": "issue invoices",
    "POST /circuit-months/<int:month_id>/reconcile": "issue invoices",
    "POST /circuit-months/<int:month_id>/reopen": "issue invoices",
}
API = {
    "GET /units/<unit_slug>/invoicing-details": OWN,
    "PUT /units/<unit_slug>/invoicing-details": OWN,
    "GET /invoices/totals": "see own invoices",
    "GET /bookings/<reference>/charges": "issue invoices",
    "POST /bookings/<reference>/advances": "issue invoices",
    "POST /bookings/<reference>/advances/give-back": "credit invoices",
    "POST /bookings/<reference>/part-invoices": "issue invoices",
    "GET /circuit-months": "issue invoices",
    "POST /circuit-months/<int:month_id>/reconciliation": "issue invoices",
}
