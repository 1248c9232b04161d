"""Who may use the addresses of collecting; the table of all takes them in."""

PAGES = {
    "GET /invoices/run": "issue invoices",
    "POST /invoices/run": "issue invoices",
    "GET /invoices/run/<int:run_id>": "issue invoices",
    "POST /invoices/<int:invoice_id>/checkout": "pay own invoices",
    "POST /invoices/<int:invoice_id>/balance": "record payments",
    "POST /invoices/<int:invoice_id>/surplus": "record payments",
    "GET /payments": "see every unit's invoices",
    "POST /payments": "record payments",
    "GET /payments/<int:payment_id>": "see every unit's invoices",
    "POST /payments/<int:payment_id>/allocate": "record payments",
    "POST /payments/<int:payment_id>/allocations/<int:allocation_id>/release": "record payments",
    "POST /payments/<int:payment_id>/reverse": "record payments",
    "POST /payments/<int:payment_id>/refunds": "record payments",
    "POST /payments/<int:payment_id>/refunds/<int:refund_id>/settle": "record payments",
    "POST /payments/<int:payment_id>/refunds/<int:refund_id>/drop": "record payments",
}
API = {
    "GET /invoice-runs/preview": "issue invoices",
    "POST /invoice-runs": "issue invoices",
    "GET /invoice-runs/<int:run_id>": "issue invoices",
    "POST /invoices/<int:invoice_id>/checkout": "pay own invoices",
    "GET /payments": "see every unit's invoices",
    "GET /payments/<int:payment_id>": "see every unit's invoices",
    "POST /payments": "record payments",
    "POST /payments/<int:payment_id>/allocations": "record payments",
    "POST /payments/<int:payment_id>/reverse": "record payments",
    "POST /payments/<int:payment_id>/refunds": "record payments",
    "POST /refunds/<int:refund_id>/settle": "record payments",
    "POST /refunds/<int:refund_id>/drop": "record payments",
    "GET /units/<unit_slug>/balance": "see own invoices",
}
