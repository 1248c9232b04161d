"""Who may use the addresses of facts; the table of all takes them in."""

PAGES = {"POST /devices/<int:device_id>/facts/ask": "manage devices"}
