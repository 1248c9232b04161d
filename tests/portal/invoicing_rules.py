"""Who may use the addresses of advance and part invoices; the table of all takes them in."""

PAGES = {
    "GET /bookings/<reference>/invoicing": "issue invoices",
    "POST /bookings/<reference>/advances": "issue invoices",
    "POST /bookings/<reference>/advances/give-back": "credit invoices",
    "POST /bookings/<reference>/part-invoices": "issue invoices",
}
API = {
    "GET /bookings/<reference>/charges": "issue invoices",
    "POST /bookings/<reference>/advances": "issue invoices",
    "POST /bookings/<reference>/advances/give-back": "credit invoices",
    "POST /bookings/<reference>/part-invoices": "issue invoices",
}
