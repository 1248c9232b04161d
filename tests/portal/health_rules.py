"""Who may use the addresses of health; the table of all takes them in."""

PAGES = {
    "GET /devices/troubles": "see devices",
    "POST /webhooks/alertmanager": "anybody, signed in or not",
    "GET /wall": "see devices",
    "GET /wall/now": "see devices",
    "GET /devices/availability": "see devices",
    "GET /devices/availability.csv": "see devices",
    "GET /devices/availability.xlsx": "see devices",
    "POST /devices/outages/<int:outage_id>/acknowledge": "acknowledge violations",
    "POST /devices/problems/<int:problem_id>/acknowledge": "acknowledge violations",
}
API = {
    "GET /problems": "see devices",
    "POST /problems/<int:problem_id>/acknowledge": "acknowledge violations",
    "POST /outages/<int:outage_id>/acknowledge": "acknowledge violations",
    "GET /devices/<int:device_id>/availability": "see devices",
    "GET /resources/<code>/measured": "see devices",
    "GET /bookings/<reference>/availability": "see own bookings",
}
