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
    "GET /devices/import": "manage devices",
    "POST /devices/import": "manage devices",
    "POST /devices/import/preview": "manage devices",
    "GET /devices/import/template.<form>": "manage devices",
    "GET /devices/export.<form>": "manage devices",
}
API = {
    "PATCH /devices/<int:device_id>": "manage devices",
    "POST /imports/devices": "manage devices",
    "GET /exports/devices.csv": "manage devices",
    "GET /exports/devices.xlsx": "manage devices",
    "GET /exports/devices.yml": "manage devices",
}
