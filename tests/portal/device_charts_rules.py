"""Who may use the addresses of charts; the table of all takes them in."""

PAGES = {
    "GET /devices/<int:device_id>/chart": "see devices",
    "GET /devices/<int:device_id>/chart.json": "see devices",
}
API = {
    "GET /devices/<int:device_id>/charts": "see devices",
    "GET /devices/<int:device_id>/chart": "see devices",
}
