"""Who may use the addresses of remediations; the table of all takes them in."""

PAGES = {
    "GET /remediations": "see violations",
    "GET /remediations/<int:remediation_id>": "see violations",
    "POST /remediations/of/<int:violation_id>": "remedy violations",
    "POST /remediations/<int:remediation_id>/approve": "remedy violations",
    "POST /remediations/<int:remediation_id>/again": "remedy violations",
    "POST /remediations/<int:remediation_id>/withdraw": "remedy violations",
}
API = {
    "GET /remediations": "see violations",
    "GET /remediations/<int:remediation_id>": "see violations",
    "POST /violations/<int:violation_id>/remediate": "remedy violations",
    "POST /remediations/<int:remediation_id>/approve": "remedy violations",
    "POST /remediations/<int:remediation_id>/withdraw": "remedy violations",
    "GET /ansible/inventory": "see devices",
}
