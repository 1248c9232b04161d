"""A switch that goes down takes the circuits with it that only its ports hand out."""

from datetime import timedelta

import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import access_ports, outages
from monitoring.models import DeviceRole
from rental import interruptions
from rental.models import Interruption
from tests import build
from tests.monitoring.policy_world import a_switch

HOUR = timedelta(hours=1)


def a_port_switch(name: str, *circuits, **over):
    device = a_switch(name=name, role=DeviceRole.SWITCH, last_answer_at=clock.now(), **over)
    for nth, circuit in enumerate(circuits):
        access_ports.add(device, f"Gi0/{nth}", circuit, by=None)
    return device


def interrupted() -> dict[str, tuple[object, object]]:
    rows = db.session.scalars(sa.select(Interruption).order_by(Interruption.id))
    return {row.resource.code: (row.began_at, row.ended_at) for row in rows}


def test_an_outage_of_the_switch_interrupts_the_circuits_of_its_ports(house):
    now = clock.now()
    with transaction():
        first, second, shared = (build.a_circuit(code=code) for code in ("A1", "B2", "C3"))
        switch = a_port_switch("SW-1", first, second, shared, resource=None, site=first.site)
        a_port_switch("SW-2", shared, resource=None, site=first.site)
        outage = outages.open_(switch, now, {})
    # C3 has another way out: who has which port of it is not known here.
    assert interrupted() == {"A1": (now, None), "B2": (now, None)}
    with transaction():
        outages.close(outage, now + HOUR)
    assert interrupted() == {"A1": (now, now + HOUR), "B2": (now, now + HOUR)}


def test_what_the_device_itself_is_and_what_its_port_hands_out_are_interrupted_once(house):
    with transaction():
        circuit = build.a_circuit(code="A1")
        switch = a_port_switch("SW-1", circuit, resource=circuit)
        outages.open_(switch, clock.now(), {})
        outages.open_(switch, clock.now(), {})
    assert list(interrupted()) == ["A1"]


def test_a_switch_that_never_answered_took_nothing_from_anybody(house):
    with transaction():
        circuit = build.a_circuit(code="A1")
        switch = a_port_switch("SW-1", circuit, resource=None, site=circuit.site)
        switch.last_answer_at = None
        outages.open_(switch, clock.now(), {})
    assert interrupted() == {}


def test_the_device_behind_an_interruption_is_told(house):
    with transaction():
        device = a_switch()
        outage = outages.open_(device, clock.now(), {})
        begun = interruptions.begin(device.resource, cause=f"outage:{outage.id}", at=clock.now())
        other = interruptions.begin(device.resource, cause="damage:1", at=clock.now())
    assert outages.behind([begun, other]) == {begun.id: device}
