"""Who may sign for what is not ready; the table of all takes it in."""

PAGES = {"POST /bookings/<reference>/readiness/sign": "acknowledge violations"}
API = {
    "GET /bookings/<reference>/readiness": "see readiness",
    "GET /circuits/ports": "see devices",
}
