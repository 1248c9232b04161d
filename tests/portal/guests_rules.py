"""Who may use the addresses of Wi-Fi for guests; the table of all takes them in."""

PAGES = {
    "GET /bookings/<reference>/guests": "see guest access",
    "GET /bookings/<reference>/guests/card.pdf": "see guest access",
    "POST /bookings/<reference>/guests/<int:access_id>/renew": "issue guest access",
    "POST /bookings/<reference>/guests/<int:access_id>/revoke": "issue guest access",
}
API = {
    "GET /guests": "authorise guests",
    "POST /guests/authorize": "authorise guests",
}
