"""Who may use the addresses of documents; the table of all takes them in."""

PAGES = {
    "GET /invoices/<int:invoice_id>/invoice.xml": "see own invoices",
    "GET /invoices/<int:invoice_id>/credit-notes/<int:note_id>.xml": "see own invoices",
    "GET /payments/<int:payment_id>/receipt.pdf": "see own invoices",
}
API = {
    "GET /credit-notes/<int:credit_note_id>.xml": "see own invoices",
    "GET /payments/<int:payment_id>/receipt.pdf": "see own invoices",
}
