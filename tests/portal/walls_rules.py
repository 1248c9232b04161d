"""Who may use the dashboards; the table of all takes them in."""

PAGES = {
    "GET /devices/circuits": "see devices",
    "GET /devices/talkers": "see devices",
    "GET /devices/events": "see devices",
    "POST /devices/access-ports": "manage devices",
    "POST /devices/access-ports/<int:port_id>/remove": "manage devices",
    "GET /devices/access-ports/<int:port_id>": "see devices",
    "POST /devices/access-ports/<int:port_id>/manage": "manage devices",
    "POST /devices/access-ports/<int:port_id>/again": "manage devices",
    "POST /devices/access-ports/<int:port_id>/limit": "manage devices",
    "GET /bookings/<reference>/monitoring": "see own bookings",
    "GET /wall/screens": "manage devices",
    "POST /wall/screens": "manage devices",
    "POST /wall/screens/<int:link_id>/revoke": "manage devices",
    "GET /wall/screens/<token>": "anybody, signed in or not",
    "GET /wall/screens/<token>/now": "anybody, signed in or not",
}
