"""Who may use the addresses of e-invoices; the table of all takes them in."""

PAGES = {
    "GET /einvoices": "see every unit's invoices",
    "POST /einvoices/retry": "issue invoices",
    "POST /invoices/<int:invoice_id>/einvoice/retry": "issue invoices",
    "POST /invoices/<int:invoice_id>/credit-notes/<int:note_id>/einvoice/retry": "issue invoices",
}
API = {
    "GET /invoices/<int:invoice_id>/einvoice": "see own invoices",
    "POST /invoices/<int:invoice_id>/einvoice/retry": "issue invoices",
    "GET /credit-notes/<int:credit_note_id>/einvoice": "see own invoices",
    "POST /credit-notes/<int:credit_note_id>/einvoice/retry": "issue invoices",
}
