"""Resources, availability and free search over the API."""

from datetime import datetime

import pytest

from config.database import transaction
from rental import catalogue, closures, units
from rental.period import Period
from tests.api.conftest import at, booking, line

NEW = {"kind": "hall", "code": "H200", "name": "Hội trường 200", "stock": 1}


def codes(found):
    return [item["code"] for item in found.json["items"]]


def test_the_catalogue_is_listed_in_natural_order(centre):
    found = centre.member.get("/resources")
    assert codes(found) == ["CABLE", "H50", "H100", "KIT", "MIC", "WHOLE"]
    assert found.json["total"] == 6
    kit = next(item for item in found.json["items"] if item["code"] == "KIT")
    assert kit["parts"] == [{"resource": "CABLE", "quantity": 3}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=hall", ["H50", "H100", "WHOLE"]),
        ("kind=hall&seats_min=51", ["H100", "WHOLE"]),
        ("q=micr%C3%B4", ["MIC"]),  # by a word of its name
        ("q=h5", ["H50"]),  # by its code, in any case
        ("q=%25", []),  # a wildcard is a character
        ("site=hcmc&kind=hall&page=2&per_page=2", ["WHOLE"]),
        ("site=nowhere", []),
        ("page=99", []),
    ],
)
def test_filters_narrow_the_catalogue(centre, query, expected):
    assert codes(centre.member.get(f"/resources?{query}")) == expected


@pytest.mark.parametrize(
    "query",
    [
        "kind=castle",
        "seats_min=many",
        "seats_min=-1",
        "page=0",
        "page=-1",
        "page=1.5",
        "page=1&page=2",  # which of them?
        "per_page=201",
        "per_page=0",
        "colour=red",  # unknown: a slip of the client
        "q=%00",
        "q=" + "x" * 201,
    ],
)
def test_a_wrong_query_is_refused_and_named(centre, query):
    found = centre.member.get(f"/resources?{query}")
    assert found.status_code == 422
    assert query.partition("=")[0] in found.json["detail"]


def test_one_resource_is_shown_and_an_unknown_one_is_not_there(centre):
    assert centre.member.get("/resources/H50").json["turnaround_after_minutes"] == 30
    assert centre.member.get("/resources/H51").status_code == 404


def test_the_desk_adds_a_resource_with_parts(centre):
    body = {**NEW, "seats": 200, "parts": [{"resource": "H100", "quantity": 1}]}
    added = centre.desk.post("/resources", body)
    assert added.status_code == 201
    assert added.headers["Location"].endswith("/api/v1/resources/H200")
    shown = centre.member.get("/resources/H200").json
    assert shown == added.json
    assert shown["parts"] == [{"resource": "H100", "quantity": 1}]


def test_the_desk_only_adds_resources(centre):
    for caller in (centre.member, centre.head, centre.finance, centre.operator, centre.director):
        assert caller.post("/resources", NEW).status_code == 403
    assert centre.nobody.post("/resources", NEW).status_code == 401


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"code": "H100"}, 409),  # taken
        ({"code": "../etc"}, 422),
        ({"code": ""}, 422),
        ({"name": " "}, 422),
        ({"stock": -1}, 422),
        ({"stock": "1"}, 422),  # a number is no text
        ({"stock": True}, 422),  # nor a yes
        ({"stock": 1.0}, 422),
        ({"stock": 10**12}, 422),
        ({"kind": "castle"}, 422),
        ({"turnaround_before_minutes": 2881}, 422),
        ({"parts": [{"resource": "H999", "quantity": 1}]}, 404),
        ({"parts": [{"resource": "H100", "quantity": 0}]}, 422),
        ({"parts": [{"resource": "H200", "quantity": 1}]}, 422),  # of itself
        ({"site": "nowhere"}, 404),
        ({"colour": "red"}, 422),
        ({"name": "x\0y"}, 422),
    ],
)
def test_a_resource_that_cannot_be_is_refused(centre, over, status):
    assert centre.desk.post("/resources", {**NEW, **over}).status_code == status
    assert centre.desk.get("/resources/H200").status_code == 404


def test_two_desks_adding_one_code_get_one_resource_and_one_conflict(centre):
    assert centre.desk.post("/resources", NEW).status_code == 201
    assert centre.administrator.post("/resources", NEW).status_code == 409


PERIOD = f"from={at('08:00')}&to={at('12:00')}".replace("+", "%2B")


def test_availability_tells_the_free_stock_in_segments(centre):
    centre.member.post("/bookings", booking(lines=[line(), line("MIC", quantity=3)]))
    found = centre.member.get(f"/availability?{PERIOD}&resource=H100&resource=MIC").json
    assert found == {
        "resources": [
            {
                "code": "H100",
                "stock": 1,
                "segments": [
                    {"starts_at": at("08:00"), "ends_at": at("09:00"), "free": 1},
                    {"starts_at": at("09:00"), "ends_at": at("11:00"), "free": 0},
                    {"starts_at": at("11:00"), "ends_at": at("12:00"), "free": 1},
                ],
            },
            {
                "code": "MIC",
                "stock": 7,
                "segments": [
                    {"starts_at": at("08:00"), "ends_at": at("09:00"), "free": 7},
                    {"starts_at": at("09:00"), "ends_at": at("11:00"), "free": 4},
                    {"starts_at": at("11:00"), "ends_at": at("12:00"), "free": 7},
                ],
            },
        ]
    }


def test_availability_without_names_tells_of_the_whole_catalogue(centre):
    found = centre.member.get(f"/availability?{PERIOD}").json["resources"]
    assert [resource["code"] for resource in found] == [
        "CABLE", "H50", "H100", "KIT", "MIC", "WHOLE",
    ]  # fmt: skip
    halls = centre.member.get(f"/availability?{PERIOD}&kind=hall").json["resources"]
    assert [resource["code"] for resource in halls] == ["H50", "H100", "WHOLE"]


def test_a_plus_sign_that_nobody_escaped_is_understood(centre):
    found = centre.member.get(f"/availability?from={at('08:00')}&to={at('12:00')}&resource=H100")
    assert found.json["resources"][0]["segments"][0]["starts_at"] == at("08:00")


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("", 422, "from"),
        ("from=2030-03-05T08:00:00Z", 422, "to"),
        ("from=2030-03-05T08:00:00&to=2030-03-05T12:00:00Z", 422, "offset"),
        ("from=2030-03-05&to=2030-03-06", 422, "offset"),
        ("from=yesterday&to=today", 422, "ISO 8601"),
        ("from=1893456000&to=1893459600", 422, "ISO 8601"),
        ("from=2030-03-05T12:00:00Z&to=2030-03-05T08:00:00Z", 422, "end after"),
        ("from=2030-03-05T08:00:00Z&to=2030-03-05T08:00:00Z", 422, "end after"),
        ("from=2030-03-05T08:00:00Z&to=2040-03-05T08:00:00Z", 422, "366 days"),
        ("from=0001-01-01T00:00:00%2B07:00&to=9999-12-31T23:59:59Z", 422, "year"),
        ("from=2030-03-05T08:00:00Z&to=2030-03-05T09:00:00Z&resource=H999", 404, "H999"),
        ("from=2030-03-05T08:00:00Z&to=2030-03-05T09:00:00Z&resource=%00", 422, "NUL"),
    ],
)
@pytest.mark.parametrize("path", ["availability", "free"])
def test_a_period_that_cannot_be_is_refused(centre, path, query, status, word):
    if path == "free" and "resource=" in query:
        status, word = 422, "resource"
    found = centre.member.get(f"/{path}?{query}")
    assert found.status_code == status
    assert word in found.json["detail"]


def test_free_finds_what_is_free_throughout(centre):
    centre.member.post("/bookings", booking())
    found = centre.member.get(f"/free?{PERIOD}&kind=hall")
    # H100 is taken, and with it the whole of which it is a part.
    assert codes(found) == ["H50"]
    assert found.json["items"][0]["free"] == 1
    assert found.json["total"] == 1


def test_free_asks_for_seats_and_pieces(centre):
    assert codes(centre.member.get(f"/free?{PERIOD}&seats_min=100")) == ["H100", "WHOLE"]
    assert codes(centre.member.get(f"/free?{PERIOD}&quantity=7&kind=equipment")) == ["CABLE", "MIC"]
    assert codes(centre.member.get(f"/free?{PERIOD}&quantity=21")) == []


def test_what_is_kept_for_a_unit_is_free_for_it_alone(centre):
    with centre.app.app_context(), transaction():
        period = Period(datetime.fromisoformat(at("08:00")), datetime.fromisoformat(at("12:00")))
        closures.reserve(catalogue.get("H100"), period, "Tuần lễ đối ngoại", [units.get("unit-b")])
    # With it goes the whole of which it is a part.
    assert codes(centre.member.get(f"/free?{PERIOD}&kind=hall")) == ["H50"]
    for whose in (centre.stranger, centre.desk):
        assert codes(whose.get(f"/free?{PERIOD}&kind=hall")) == ["H50", "H100", "WHOLE"]


def test_a_visitor_without_a_token_learns_nothing(centre):
    for path in ("/resources", f"/availability?{PERIOD}", f"/free?{PERIOD}"):
        found = centre.nobody.get(path)
        assert found.status_code == 401
        assert found.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_circuit_takes_its_mbps_of_the_uplink_it_names(centre):
    uplink = {"kind": "circuit", "code": "UP-1", "name": "1 Gbps", "stock": 1000, "is_uplink": True}
    fast = {"kind": "circuit", "code": "F600", "name": "600", "mbps": 600, "uplink": "UP-1"}
    assert centre.desk.post("/resources", fast).status_code == 404, "no such uplink yet"
    assert centre.desk.post("/resources", uplink).status_code == 201
    added = centre.desk.post("/resources", {**fast, "stock": 2})
    assert (added.json["uplink"], added.json["is_uplink"]) == ("UP-1", False)
    assert added.json["parts"] == [{"resource": "UP-1", "quantity": 600}]
    assert codes(centre.member.get("/resources?kind=circuit")) == ["F600"]
    assert centre.member.post("/bookings", booking(lines=[line("F600")])).status_code == 201
    refused = centre.member.post("/bookings", booking(lines=[line("F600")]))
    assert refused.status_code == 409
    (conflict,) = refused.json["conflicts"]
    assert (conflict["resource"], conflict["free"], conflict["wanted"]) == ("UP-1", 400, 600)
    found = centre.member.get(f"/availability?{PERIOD}&resource=F600").json["resources"]
    free = [segment["free"] for segment in found[0]["segments"]]
    assert (max(free), min(free)) == (1, 0), "never two: 1 000 Mbps hold one of 600"
    assert centre.member.post("/bookings", booking(lines=[line("UP-1")])).status_code == 422


@pytest.mark.parametrize(
    "over",
    [
        {"uplink": "H100"},  # a hall is none
        {"uplink": "UP-1", "mbps": None},  # of how much?
        {"parts": [{"resource": "UP-1", "quantity": 1}]},  # its Mbps and no other quantity
        {"is_uplink": True, "kind": "hall"},
    ],
)
def test_a_wrong_uplink_is_refused(centre, over):
    uplink = {"kind": "circuit", "code": "UP-1", "name": "1 Gbps", "stock": 1000, "is_uplink": True}
    assert centre.desk.post("/resources", uplink).status_code == 201
    fast = {"kind": "circuit", "code": "F600", "name": "600", "mbps": 600}
    assert centre.desk.post("/resources", {**fast, **over}).status_code == 422
    assert centre.desk.get("/resources/F600").status_code == 404
