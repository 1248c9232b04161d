"""What the service says of itself parses, counts, and names every state."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from portal import service_metrics
from tests import build


@pytest.mark.parametrize(("modern", "parse"), [(False, prometheus), (True, openmetrics)])
def test_bookings_are_counted_in_every_state(house, modern, parse):
    build.a_booking(build.a_hall())
    build.a_booking(build.a_hall())
    text = service_metrics.text(openmetrics=modern) + ("# EOF\n" if modern else "")
    families = {family.name: family for family in parse(text)}
    bookings = {
        sample.labels["status"]: sample.value
        for sample in families["media_center_bookings"].samples
    }
    assert bookings["requested"] == 2
    assert bookings["no_show"] == 0
    assert families["media_center_charges_unbilled"].samples[0].value == 0
    assert "media_center_notice_oldest_wait_seconds" in families
