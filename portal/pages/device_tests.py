"""Tests of a device: asked for with a button, done by a worker of its site, followed live."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from monitoring import device_tests, devices, hostkeys
from monitoring.models import Device, DeviceTest
from portal import jobs
from portal.access import current_member, may
from portal.pages import device_test_words, reading

pages = Blueprint("device_tests", __name__, url_prefix="/devices")


@pages.post("/<int:device_id>/tests")
@may("manage devices")
def begin(device_id: int) -> Response:
    """Ask for a test; whoever asks while one goes on sees that one."""
    with transaction():
        device = devices.get(device_id)
        test_id = device_tests.ask(device, by=current_member()).id
        link = db.session.connection().connection.driver_connection
        jobs.defer(link, "test_devices", device.site.slug)  # type: ignore[arg-type]
    return redirect(url_for(".show", device_id=device_id, test_id=test_id))


@pages.get("/<int:device_id>/tests/<int:test_id>")
@may("manage devices")
def show(device_id: int, test_id: int) -> str:
    """One test: the steps so far, more of them while it goes on."""
    device = devices.get(device_id)
    test = device_tests.get(device, test_id)
    template = "devices/_test.html" if reading.is_partial() else "devices/test.html"
    return render_template(template, device=device, **_told(device, test))


def _told(device: Device, test: DeviceTest) -> dict[str, object]:
    steps = [device_test_words.told(step) for step in test.steps]
    tone, said = device_test_words.outcome(steps)
    return {
        "test": test,
        "steps": steps,
        "tone": tone,
        "said": said,
        "waiting": hostkeys.waiting(device),
        "waited": (clock.now() - test.asked_at).total_seconds(),
    }
