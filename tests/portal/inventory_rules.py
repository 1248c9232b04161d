"""Who may use the inventory; the table of all takes them in."""

PAGES = {
    "GET /devices/new": "manage devices",
    "POST /devices": "manage devices",
    "GET /devices/<int:device_id>/edit": "manage devices",
    "POST /devices/<int:device_id>/edit": "manage devices",
    "POST /devices/<int:device_id>/pause": "manage devices",
    "POST /devices/<int:device_id>/resume": "manage devices",
    "POST /devices/<int:device_id>/retire": "manage devices",
    "POST /devices/<int:device_id>/restore": "manage devices",
    "POST /devices/<int:device_id>/tests": "manage devices",
    "GET /devices/<int:device_id>/tests/<int:test_id>": "manage devices",
    "GET /devices/credentials": "manage devices",
    "GET /devices/credentials/new": "manage devices",
    "POST /devices/credentials": "manage devices",
    "GET /devices/credentials/<int:credential_id>": "manage devices",
    "POST /devices/credentials/<int:credential_id>": "manage devices",
    "POST /devices/credentials/<int:credential_id>/remove": "manage devices",
    "POST /devices/credentials/rewrap": "manage devices",
    "GET /devices/tree": "see devices",
}
API = {
    "PATCH /devices/<int:device_id>": "manage devices",
}
