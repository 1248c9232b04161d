"""Who may use the addresses of the bank's statements; the table of all takes them in."""

PAGES = {
    "GET /bank": "match bank statements",
    "POST /bank": "match bank statements",
    "GET /bank/progress": "match bank statements",
    "GET /bank/mapping": "match bank statements",
    "POST /bank/mapping": "match bank statements",
    "POST /bank/mapping/preview": "match bank statements",
    "GET /bank/entries": "match bank statements",
    "POST /bank/entries/again": "match bank statements",
    "GET /bank/entries/<int:entry_id>": "match bank statements",
    "POST /bank/entries/<int:entry_id>/match": "match bank statements",
    "POST /bank/entries/<int:entry_id>/ignore": "match bank statements",
    "POST /bank/entries/<int:entry_id>/undo": "match bank statements",
}
API = {
    "GET /bank/statements": "match bank statements",
    "POST /bank/statements": "match bank statements",
    "GET /bank/entries": "match bank statements",
    "POST /bank/entries/<int:entry_id>/match": "match bank statements",
    "POST /bank/entries/<int:entry_id>/ignore": "match bank statements",
    "POST /bank/entries/<int:entry_id>/undo": "match bank statements",
}
