"""Who may use the addresses of corrections; the table of all takes them in."""

PAGES = {
    "GET /invoices/<int:invoice_id>/corrections": "credit invoices",
    "POST /invoices/<int:invoice_id>/corrections": "credit invoices",
    "GET /invoices/<int:invoice_id>/error-notices/<int:notice_id>.pdf": "see own invoices",
    "GET /invoices/<int:invoice_id>/error-notices/<int:notice_id>.xml": "see own invoices",
}
API = {
    "GET /invoices/<int:invoice_id>/corrections": "see own invoices",
    "POST /invoices/<int:invoice_id>/adjustments": "credit invoices",
    "POST /invoices/<int:invoice_id>/replacements": "credit invoices",
    "POST /invoices/<int:invoice_id>/notices": "credit invoices",
    "GET /error-notices/<int:notice_id>.pdf": "see own invoices",
    "GET /error-notices/<int:notice_id>.xml": "see own invoices",
}
