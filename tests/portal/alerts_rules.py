"""Who may use the addresses of alerts; the table of all takes them in."""

PAGES = {
    "GET /alerts": "see devices",
    "GET /alerts/history": "see devices",
    "GET /alerts/deliveries": "see devices",
    "GET /alerts/silences": "see devices",
    "POST /alerts/silences": "acknowledge violations",
    "POST /alerts/silences/<int:silence_id>/end": "acknowledge violations",
    "POST /alerts/<int:alert_id>/acknowledge": "acknowledge violations",
    "POST /alerts/deliveries/<int:delivery_id>/again": "manage devices",
    "POST /alerts/channels/<name>/test": "manage devices",
    "GET /on-call": "see devices",
    "POST /on-call/plan": "manage devices",
    "POST /on-call/<int:shift_id>/give": "manage devices",
    "POST /on-call/<int:shift_id>/remove": "manage devices",
}
API = {
    "GET /alerts": "see devices",
    "POST /alerts/<int:alert_id>/acknowledge": "acknowledge violations",
    "GET /silences": "see devices",
    "POST /silences": "acknowledge violations",
    "GET /on-call": "see devices",
}
