"""A survey of a sample network in the demo: what answered waits to be chosen."""

from datetime import datetime, timedelta

from config.database import db
from monitoring import devices
from monitoring.models import Candidate, Survey, SurveyEnd
from rental import journal
from rental.models import Member

# RFC 5737: a network of documents, where nothing is.
NETWORK = "192.0.2.0/28"
ANSWERED = (
    (
        2,
        "SW-TANG-7",
        "Cisco IOS Software, C9200L Software, Version 17.9",
        "1.3.6.1.4.1.9.1.2694",
        6,
    ),
    (3, "CAM-SANH-CHINH", "AXIS Q6135-LE PTZ Camera (mẫu)", "1.3.6.1.4.1.368.1.1", 72),
    (4, "ups-tang-7", "APC Web/SNMP Management Card (mẫu)", "1.3.6.1.4.1.318.1.3.2.7", 72),
)


def add(now: datetime, *, by: Member) -> None:
    """Somebody looked through the network of the seventh floor yesterday."""
    switch = devices.search()[0]
    login = switch.snmp_credential
    asked_at = now - timedelta(days=1)
    survey = Survey(
        site=switch.site,
        network=NETWORK,
        credential_ids=[login.id] if login else [],
        asked_by=by,
        asked_at=asked_at,
        begun_at=asked_at + timedelta(seconds=2),
        finished_at=asked_at + timedelta(seconds=9),
        ended=SurveyEnd.DONE,
        total=14,
        asked=14,
    )
    db.session.add(survey)
    db.session.flush()
    for last, name, description, object_id, services in ANSWERED:
        db.session.add(
            Candidate(
                survey=survey,
                address=f"192.0.2.{last}",
                credential=login,
                sys_name=name,
                sys_descr=description,
                object_id=object_id,
                sys_services=services,
            )
        )
    db.session.add(Candidate(survey=survey, address="192.0.2.9", fault="garbled"))
    journal.record(survey, "survey_asked", by=by, network=NETWORK)
    db.session.flush()
