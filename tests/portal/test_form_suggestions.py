"""The form says what would be free where what is typed is not."""

import json
import re
from html import unescape

from config.database import transaction
from tests import build
from tests.portal.conftest import signed_in, token_of
from tests.rental.test_bookings import ask, span


def test_the_preview_offers_what_fits_and_the_values_that_fill_it_in(service, person):
    member = person()
    with transaction():
        site = build.a_site()
        hall = build.a_hall(site=site, code="H50", seats=50)
        build.a_hall(site=site, code="H60", seats=60, name="Hội trường 60")
        ask(build.a_member(), (hall, 1, span(0, 4)))
    client = signed_in(service, member)
    typed = {
        "resource": "H50", "quantity": "1", "starts_at": "2030-03-05T10:00",
        "ends_at": "2030-03-05T12:00", "attendees": "50",
    }  # fmt: skip
    answer = client.post("/bookings/preview", data=typed, headers={"X-CSRFToken": token_of(client)})
    text = answer.get_data(as_text=True)
    (found,) = re.findall(r'data-suggestion="([^"]+)"', text)
    assert json.loads(unescape(found)) == [
        {
            "line": 0, "resource": "H60", "quantity": 1, "starts_at": "2030-03-05T10:00",
            "ends_at": "2030-03-05T12:00",
        }
    ]  # fmt: skip
    assert "Hội trường 60" in text
