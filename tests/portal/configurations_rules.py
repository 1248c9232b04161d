"""Who may use the addresses of configurations; the table of all takes them in."""

PAGES = {
    "GET /devices/configurations": "see devices",
    "GET /devices/<int:device_id>/configurations": "see devices",
    "POST /devices/<int:device_id>/configurations/ask": "manage devices",
    "GET /devices/<int:device_id>/configurations/<int:version_number>": "see devices",
    "GET /devices/<int:device_id>/configurations/<int:version_number>.txt": "see devices",
    "GET /devices/<int:device_id>/configurations/diff": "see devices",
}
API = {
    "GET /devices/<int:device_id>/configurations": "see devices",
    "GET /devices/<int:device_id>/configurations/<int:version_number>": "see devices",
    "GET /devices/<int:device_id>/configurations/diff": "see devices",
}
