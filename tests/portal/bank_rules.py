"""Who may use the addresses of the bank's statements; the table of all takes them in."""

PAGES: dict[str, str] = {}
API = {
    "GET /bank/statements": "match bank statements",
    "POST /bank/statements": "match bank statements",
    "GET /bank/entries": "match bank statements",
    "POST /bank/entries/<int:entry_id>/match": "match bank statements",
    "POST /bank/entries/<int:entry_id>/ignore": "match bank statements",
    "POST /bank/entries/<int:entry_id>/undo": "match bank statements",
}
