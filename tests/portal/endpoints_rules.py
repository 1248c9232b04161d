"""Who may use the addresses of endpoints; the table of all takes them in."""

PAGES = {
    "GET /devices/endpoints": "see devices",
    "GET /devices/certificates": "see devices",
    "GET /devices/<int:device_id>/endpoints/new": "manage devices",
    "POST /devices/<int:device_id>/endpoints": "manage devices",
    "GET /devices/endpoints/<int:endpoint_id>/edit": "manage devices",
    "POST /devices/endpoints/<int:endpoint_id>": "manage devices",
    "POST /devices/endpoints/<int:endpoint_id>/remove": "manage devices",
    "POST /devices/endpoints/<int:endpoint_id>/ask": "manage devices",
    "POST /devices/endpoints/<int:endpoint_id>/factory-login": "manage devices",
}
API = {
    "GET /endpoints": "see devices",
    "POST /devices/<int:device_id>/endpoints": "manage devices",
    "POST /endpoints/<int:endpoint_id>/remove": "manage devices",
    "POST /endpoints/<int:endpoint_id>/factory-login": "manage devices",
}
