"""Asking for, changing and moving bookings over the API."""

import pytest

from tests.api.conftest import at, booking, free_at_ten, line, requested


def test_a_member_requests_a_hall_and_gear_in_one_booking(centre):
    lines = [line(), line("MIC", quantity=2)]
    found = centre.member.post("/bookings", booking(lines=lines, attendees=80))
    told = found.json
    assert told["status"] == "requested"
    assert told["unit"] == "unit-a"
    assert [(each["resource"], each["quantity"]) for each in told["lines"]] == [
        ("H100", 1),
        ("MIC", 2),
    ]
    assert told["lines"][0]["starts_at"] == at("09:00")
    assert told["quote"]["total"]["currency"] == "VND"
    assert told["quote"]["total"]["minor"] > 0
    assert found.headers["Location"].endswith(f"/api/v1/bookings/{told['reference']}")
    assert centre.member.get(f"/bookings/{told['reference']}").json == told


def test_a_kit_shows_as_one_line_and_takes_its_parts(centre):
    requested(centre.member, lines=[line("KIT", quantity=2)])
    assert free_at_ten(centre, "KIT") == 1
    assert free_at_ten(centre, "CABLE") == 14


def test_times_with_any_offset_are_the_same_instants(centre):
    utc = line(starts_at="2030-03-05T02:00:00Z", ends_at="2030-03-05T04:00:00Z")
    assert requested(centre.member, lines=[utc])["lines"][0]["starts_at"] == at("09:00")


def test_what_is_taken_is_a_conflict_that_says_how_much_is_free(centre):
    requested(centre.member, lines=[line("MIC", quantity=5)])
    found = centre.stranger.post("/bookings", booking(lines=[line("MIC", quantity=3), line()]))
    assert found.status_code == 409
    assert found.json["conflicts"] == [
        {
            "resource": "MIC",
            "starts_at": at("09:00"),
            "ends_at": at("11:00"),
            "free": 2,
            "wanted": 3,
        }
    ]
    # All lines or none.
    assert free_at_ten(centre, "H100") == 1


def test_a_quote_prices_without_writing(centre):
    body = booking(lines=[line(), line("MIC", quantity=2)])
    quoted = centre.member.post("/quotes", body)
    assert quoted.status_code == 200
    assert free_at_ten(centre) == 1
    assert centre.member.get("/bookings").json["total"] == 0
    assert requested(centre.member, **body)["quote"] == quoted.json


def test_a_quote_needs_the_lines_only(centre):
    assert centre.member.post("/quotes", {"lines": [line()]}).status_code == 200
    assert centre.member.post("/quotes", {"lines": [line("H999")]}).status_code == 404
    assert centre.member.post("/quotes", {"lines": []}).status_code == 422
    assert centre.member.post("/quotes", {"lines": [line()], "unit": "unit-b"}).status_code == 404


BAD_BOOKINGS = [
    ({"lines": [line(starts_at="2030-03-05T09:00:00")]}, 422, "offset"),  # a naive time
    ({"lines": [line(ends_at="2030-03-05T11:00:00")]}, 422, "offset"),
    ({"lines": [line(starts_at=1893456000)]}, 422, "ISO 8601"),
    ({"lines": [line(starts_at="tomorrow")]}, 422, "ISO 8601"),
    ({"lines": [line(starts_at=at("12:00"))]}, 422, "end after"),
    ({"lines": [line(ends_at=at("09:00"))]}, 422, "end after"),
    ({"lines": [line(quantity=0)]}, 422, "quantity"),
    ({"lines": [line(quantity=-1)]}, 422, "quantity"),
    ({"lines": [line(quantity="3")]}, 422, "quantity"),
    ({"lines": [line(quantity=True)]}, 422, "quantity"),
    ({"lines": [line(quantity=1.5)]}, 422, "quantity"),
    ({"lines": [line(quantity=10**30)]}, 422, "quantity"),
    ({"lines": [line(quantity=None)]}, 422, "quantity"),
    ({"lines": [line("H999")]}, 404, "H999"),
    ({"lines": [line("H100\0")]}, 422, "NUL"),
    ({"lines": [line(ends_at=at("11:00", "2040-03-05"))]}, 422, "366 days"),  # ten years
    ({"lines": [line(ends_at="9999-12-31T23:59:59Z")]}, 422, "year"),
    ({"lines": [line(starts_at=at("09:00", "2020-03-05"))]}, 422, ""),  # long past
    ({"lines": [line(colour="red")]}, 422, "colour"),
    ({"lines": []}, 422, "lines"),
    ({"lines": [line()] * 201}, 422, "lines"),
    ({"lines": "H100"}, 422, "lines"),
    ({"title": ""}, 422, "title"),
    ({"title": "   "}, 422, "title"),
    ({"title": "x" * 201}, 422, "title"),
    ({"title": "two\nlines"}, 422, "title"),
    ({"title": None}, 422, "title"),
    ({"title": ["x"]}, 422, "title"),
    ({"event_kind": "coup"}, 422, "event_kind"),
    ({"organiser": "martian"}, 422, "organiser"),
    ({"attendees": 0}, 422, "attendees"),
    ({"attendees": -5}, 422, "attendees"),
    ({"attendees": "80"}, 422, "attendees"),
    ({"note": "x" * 2001}, 422, "note"),
    ({"unit": "unit-b"}, 404, "unit-b"),
    ({"unit": "no-such-unit"}, 404, "no-such-unit"),
    ({"status": "confirmed"}, 422, "status"),  # not for clients to say
    ({"recurrence": {"rrule": "FREQ=WEEKLY"}}, 422, "A series must end"),
]


@pytest.mark.parametrize(("over", "status", "word"), BAD_BOOKINGS)
def test_a_booking_that_cannot_be_is_refused_and_nothing_is_written(centre, over, status, word):
    found = centre.member.post("/bookings", booking(**over))
    assert found.status_code == status
    assert word in found.json["detail"]
    assert centre.desk.get("/bookings").json["total"] == 0
    assert free_at_ten(centre) == 1


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"title": "x",}', "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"3", "application/json", 400),
        (b"{}", "application/json", 422),  # an object, but it says nothing
        (b'{"title": "\xff"}', "application/json", 400),  # not UTF-8
        (b'{"title": "\\ud800"}', "application/json", 400),  # half a character
        (b'{"title": NaN}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b"title=x", "application/x-www-form-urlencoded", 400),
        (b"{}", "text/plain", 400),
        (b"{}", None, 400),
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(centre, raw, content_type, status):
    found = centre.member.post("/bookings", data=raw, content_type=content_type)
    assert found.status_code == status


@pytest.mark.parametrize("size", [300_000, 1_000_000, 1_048_576, 5_000_000])
def test_a_body_of_a_megabyte_is_too_large(centre, size):
    raw = b'{"title": "' + b"x" * size + b'"}'
    found = centre.member.post("/bookings", data=raw, content_type="application/json")
    assert found.status_code == 413


def test_html_in_a_title_is_plain_text(centre):
    title = "<script>alert(1)</script> & <b>Họp báo</b>"
    told = requested(centre.member, title=title)
    assert told["title"] == title
    assert centre.member.get(f"/bookings/{told['reference']}").json["title"] == title


def test_a_title_keeps_200_characters_however_they_are_composed(centre):
    composed = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 200
    # A letter and an accent each.
    decomposed = "e\N{COMBINING ACUTE ACCENT}" * 200
    assert requested(centre.member, title=decomposed)["title"] == composed


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer mc_" + "x" * 43},
        {"Authorization": "Bearer " + "ơ" * 20},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer mc_'; DROP TABLE booking; --xxxxxxxxx"},
    ],
)
def test_a_wrong_token_is_401(centre, header):
    encoded = {name: value.encode().decode("latin-1") for name, value in header.items()}
    for method, path in (("GET", "/bookings"), ("POST", "/bookings"), ("POST", "/quotes")):
        assert centre.nobody.call(method, path, headers=encoded).status_code == 401


def test_the_staff_books_for_any_unit_and_a_member_for_its_own(centre):
    assert requested(centre.desk, unit="unit-b")["unit"] == "unit-b"
    later = [line(starts_at=at("13:00"), ends_at=at("15:00"))]
    assert requested(centre.member, unit="unit-a", lines=later)["unit"] == "unit-a"
    assert centre.finance.post("/bookings", booking()).status_code == 403


def test_another_units_booking_does_not_exist(centre):
    reference = requested(centre.member)["reference"]
    unknown = centre.stranger.get("/bookings/BK-2222-2222")
    for found in (
        centre.stranger.get(f"/bookings/{reference}"),
        centre.stranger.patch(f"/bookings/{reference}", {"title": "x"}),
        centre.stranger.post(f"/bookings/{reference}/cancel"),
    ):
        assert found.status_code == 404
        # Word for word as if there were none.
        assert {**found.json, "request_id": 0} == {**unknown.json, "request_id": 0}
    assert centre.stranger.get("/bookings").json == {"items": [], "total": 0}
    assert centre.member.get(f"/bookings/{reference}").json["title"] == "Họp báo thường kỳ"


def test_a_reference_may_be_typed_in_any_way(centre):
    reference = requested(centre.member)["reference"]
    typed = reference.lower().replace("-", "")
    assert centre.member.get(f"/bookings/{typed}").json["reference"] == reference


def test_lists_show_what_the_member_may_see(centre):
    mine = requested(centre.member)["reference"]
    theirs = requested(centre.stranger, lines=[line("H50")])["reference"]

    def listed(caller, **query):
        found = caller.get("/bookings", query_string=query).json
        return [item["reference"] for item in found["items"]], found["total"]

    assert listed(centre.member) == ([mine], 1)
    assert listed(centre.head) == ([mine], 1)
    assert listed(centre.member, unit="unit-b") == ([], 0)
    assert listed(centre.desk) == ([theirs, mine], 2)
    assert listed(centre.desk, per_page=1, page=2) == ([mine], 2)
    assert listed(centre.desk, per_page=1, page=3) == ([], 2)
    assert listed(centre.desk, unit="unit-b") == ([theirs], 1)
    assert listed(centre.desk, resource="H100") == ([mine], 1)
    assert listed(centre.desk, status="confirmed") == ([], 0)
    assert listed(centre.desk, status=["requested", "confirmed"]) == ([theirs, mine], 2)
    assert listed(centre.desk, q="HỌP BÁO") == ([theirs, mine], 2)
    assert listed(centre.desk, q=mine.lower()) == ([mine], 1)
    assert listed(centre.desk, **{"from": at("11:00"), "to": at("12:00")}) == ([], 0)
    assert listed(centre.desk, **{"from": at("10:59"), "to": at("12:00")}) == ([theirs, mine], 2)


@pytest.mark.parametrize(
    "query",
    ["per_page=201", "per_page=x", "page=0", "status=lost", "from=2030-03-05T09:00:00Z", "x=1"],
)
def test_a_list_with_a_wrong_query_is_refused(centre, query):
    assert centre.member.get(f"/bookings?{query}").status_code == 422


def test_a_member_changes_its_request(centre):
    reference = requested(centre.member)["reference"]
    longer = [line(ends_at=at("12:00")), line("MIC")]
    changed = centre.member.patch(
        f"/bookings/{reference}", {"title": "Dời giờ", "attendees": 90, "lines": longer}
    ).json
    assert (changed["title"], changed["attendees"], changed["ends_at"]) == (
        "Dời giờ",
        90,
        at("12:00"),
    )
    assert [each["resource"] for each in changed["lines"]] == ["H100", "MIC"]
    assert centre.member.get(f"/bookings/{reference}").json == changed


def test_a_change_is_checked_like_a_new_booking(centre):
    requested(centre.stranger, lines=[line(starts_at=at("11:00"), ends_at=at("12:00"))])
    told = requested(centre.member)
    path = f"/bookings/{told['reference']}"
    longer = centre.member.patch(path, {"title": "Dài hơn", "lines": [line(ends_at=at("11:30"))]})
    assert longer.status_code == 409
    assert longer.json["conflicts"][0]["resource"] == "H100"
    assert centre.member.get(path).json == told


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": None},
        {"attendees": None},
        {"lines": None},
        {"lines": []},
        {"lines": [line(quantity=0)]},
        {"lines": [line(starts_at="2030-03-05T09:00:00")]},
        {"status": "confirmed"},
        {"unit": "unit-b"},
        {"title": "x" * 201},
    ],
)
def test_a_change_that_cannot_be_is_refused(centre, body):
    told = requested(centre.member)
    assert centre.member.patch(f"/bookings/{told['reference']}", body).status_code == 422
    assert centre.member.get(f"/bookings/{told['reference']}").json == told


def test_a_repeat_with_the_same_key_gets_the_first_answer(centre):
    key = {"Idempotency-Key": "3f1c"}
    first = centre.member.post("/bookings", booking(), headers=key)
    again = centre.member.post("/bookings", booking(), headers=key)
    assert again.status_code == 201
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert centre.member.get("/bookings").json["total"] == 1


def test_a_key_belongs_to_its_member_and_its_request(centre):
    key = {"Idempotency-Key": "3f1c"}
    centre.member.post("/bookings", booking(), headers=key)
    other = centre.member.post("/bookings", booking(title="Khác"), headers=key)
    assert other.status_code == 422
    # Another member's same key is another key: the hall is taken.
    assert centre.stranger.post("/bookings", booking(), headers=key).status_code == 409
    assert centre.member.post("/bookings", booking(), headers={"Idempotency-Key": " "}).status_code


def test_a_refused_request_leaves_its_key_unused(centre):
    key = {"Idempotency-Key": "3f1c"}
    taken = requested(centre.stranger)["reference"]
    assert centre.member.post("/bookings", booking(), headers=key).status_code == 409
    centre.stranger.post(f"/bookings/{taken}/cancel")
    assert centre.member.post("/bookings", booking(), headers=key).status_code == 201


def test_an_unknown_path_and_a_wrong_method_are_problems_too(centre):
    assert centre.member.get("/nothing").status_code == 404
    wrong = centre.member.call("DELETE", "/bookings")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]
