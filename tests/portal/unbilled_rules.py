"""Who may use the addresses of unbilled use; the table of all takes them in."""

PAGES = {
    "GET /unbilled": "see reports",
    "GET /unbilled/<int:use_id>": "see reports",
    "GET /unbilled/<int:use_id>/buckets.csv": "see reports",
    "POST /unbilled/<int:use_id>/charge": "decide proposals",
    "POST /unbilled/<int:use_id>/dismiss": "decide proposals",
    "POST /unbilled/<int:use_id>/reopen": "decide proposals",
}
