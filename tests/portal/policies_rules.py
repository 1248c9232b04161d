"""Who may use the addresses of policies; the table of all takes them in."""

PAGES = {
    "GET /policies": "see violations",
    "GET /policies/<rule_id>": "see violations",
    "POST /policies/devices/<int:device_id>/judge": "manage devices",
    "GET /policies/report": "see violations",
    "GET /policies/report.csv": "see violations",
    "GET /policies/report.xlsx": "see violations",
}
