"""Who may use the addresses of what joins and of closing; the table of all takes them in."""

PAGES = {
    "GET /reports/journal.<form>": "see reports",
    "GET /reports/revenue": "see reports",
    "GET /reports/revenue.<form>": "see reports",
    "GET /reports/vat": "see reports",
    "GET /reports/vat.<form>": "see reports",
    "GET /closing": "see reports",
    "POST /closing/<of_month>/close": "close months",
    "POST /closing/<of_month>/reopen": "reopen months",
    "GET /interruptions": "judge interruptions",
    "POST /interruptions/<int:interruption_id>/fault": "judge interruptions",
    "GET /invoices/<int:invoice_id>/lines/<int:line_number>/traffic": "see own invoices",
    "GET /invoices/<int:invoice_id>/lines/<int:line_number>/traffic.csv": "see own invoices",
    "GET /traffic": "import traffic",
    "POST /traffic": "import traffic",
    "POST /traffic/<int:evidence_id>/accept": "decide proposals",
    "POST /traffic/<int:evidence_id>/withdraw": "decide proposals",
}
API = {
    "GET /reports/vat": "see reports",
    "GET /reports/revenue": "see reports",
    "GET /reports/deferred": "see reports",
    "GET /reports/journal": "see reports",
    "GET /closing/<of_month>": "see reports",
    "POST /closing/<of_month>": "close months",
    "GET /interruptions": "judge interruptions",
    "POST /interruptions/<int:interruption_id>/fault": "judge interruptions",
    "GET /bookings/<reference>/traffic": "see own invoices",
    "POST /bookings/<reference>/lines/<int:line_number>/traffic": "import traffic",
    "GET /invoices/<int:invoice_id>/lines/<int:line_number>/traffic.csv": "see own invoices",
}
