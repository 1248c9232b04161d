"""Who may ask for waivers and approve them; the table of all takes it in."""

PAGES = {
    "GET /violations/waivers": "see violations",
    "POST /violations/<int:violation_id>/waiver/approve": "approve waivers",
    "POST /violations/<int:violation_id>/waiver/decline": "waive violations",
}
API = {
    "GET /waivers": "see violations",
    "GET /violations/<int:violation_id>/affected": "see violations",
    "POST /violations/<int:violation_id>/waiver/approve": "approve waivers",
    "POST /violations/<int:violation_id>/waiver/decline": "waive violations",
}
