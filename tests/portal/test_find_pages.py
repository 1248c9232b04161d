"""Choose the dates, see everything that is free: the page, its basket and what it says."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from config.database import transaction
from rental import closures
from rental.closures import NewClosure
from rental.models import ClosureKind, Role
from tests import build
from tests.portal.conftest import signed_in
from tests.rental.test_bookings import ask, span

# 09:00 to 11:00 on Tuesday, 5 March 2030; `span(0, 2)` is the same in UTC.
WHEN = "day=2030-03-05&from=09:00&to=11:00"


@pytest.fixture
def house(service):
    """Two halls, a pool, a line; somebody holds the larger hall and most of the pool."""
    with transaction():
        site = build.a_site(slug="hcmc")
        halls = {
            code: build.a_hall(site=site, code=code, seats=seats, name=f"Hội trường {code}")
            for code, seats in (("H50", 50), ("H100", 100), ("H120", 120))
        }
        pool = build.equipment(site=site, code="MIC", stock=10, tariff="microphone")
        ask(build.a_member(), (halls["H100"], 1, span(0, 2)), (pool, 7, span(0, 2)))
    return {**halls, "MIC": pool}


@pytest.fixture
def renter(service, person, house):
    """A member of some unit, signed in."""
    return signed_in(service, person())


def words(answer):
    """The page as text, without tags."""
    text = answer.get_data(as_text=True)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def links(answer, word):
    """The queries of links with this word in them."""
    text = answer.get_data(as_text=True)
    found = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>((?:(?!</a>).)*)</a>', text, re.S)
    return [
        parse_qs(urlsplit(html.unescape(where)).query)
        for where, said in found
        if word in html.unescape(said)
    ]


def test_everything_free_and_everything_not_free_is_counted(renter):
    said = words(renter.get(f"/find?{WHEN}"))
    assert "4 phù hợp 3 trống 1 không trống" in said
    assert "Còn 3/10" in said


def test_halls_stand_by_fitting_size_and_too_small_ones_are_left_out(renter):
    text = renter.get(f"/find?{WHEN}&people=60").get_data(as_text=True)
    assert re.findall(r'id="put-(\w+)"', text) == ["H120", "MIC"]
    text = renter.get(f"/find?{WHEN}").get_data(as_text=True)
    assert re.findall(r'id="put-(\w+)"', text) == ["H50", "H120", "MIC"]


def test_what_is_not_free_says_when_it_is(renter):
    answer = renter.get(f"/find?{WHEN}")
    (query,) = links(answer, "Trống gần nhất")
    assert (query["day"], query["from"]) == (["2030-03-05"], ["11:00"])


def test_for_what_is_taken_one_may_wait(renter, service, person):
    (query,) = links(renter.get(f"/find?{WHEN}"), "Đăng ký chờ")
    assert query == {
        "resource": ["H100"],
        "quantity": ["1"],
        "starts_at": ["2030-03-05T09:00"],
        "ends_at": ["2030-03-05T11:00"],
    }
    form = renter.get("/waitlist/new", query_string=query)
    assert "Hội trường H100" in words(form)
    finance = signed_in(service, person(role=Role.FINANCE))
    assert links(finance.get(f"/find?{WHEN}"), "Đăng ký chờ") == []
    assert links(renter.get(f"/find?{WHEN}&last=2030-03-06"), "Đăng ký chờ") == []


def test_what_is_closed_says_why(renter, house, person):
    with transaction():
        closures.close(
            house["H50"],
            NewClosure(ClosureKind.MAINTENANCE, span(-2, 9), reason="thay máy chiếu"),
            by=build.a_member(role=Role.DESK, unit=build.a_unit(is_centre=True)),
        )
    assert "thay máy chiếu" in words(renter.get(f"/find?{WHEN}"))


def test_a_press_puts_into_the_basket_and_the_address_keeps_it(renter):
    answer = renter.get(f"/find?{WHEN}&want=MIC&pieces=2&add=H50")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.location).query)
    assert (query["want"], query["pieces"], "add" in query) == (["MIC", "H50"], ["2", "1"], False)
    answer = renter.get(answer.location)
    assert re.findall(r'name="want" value="(\w+)"', answer.get_data(as_text=True)) == ["H50", "MIC"]
    (form,) = links(answer, "Đặt những mục này")
    assert (form["want"], form["pieces"], form["day"]) == (
        ["MIC", "H50"],
        ["2", "1"],
        ["2030-03-05"],
    )


def test_the_script_gets_the_part_and_the_address_to_keep(renter):
    answer = renter.get(f"/find?{WHEN}&add=H50", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "add" not in parse_qs(urlsplit(answer.headers["HX-Push-Url"]).query)
    text = answer.get_data(as_text=True)
    assert "<html" not in text
    assert 'role="status"' in text


def test_going_back_in_history_brings_the_whole_page(renter):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in renter.get(f"/find?{WHEN}", headers=headers).get_data(as_text=True)


@pytest.mark.parametrize(
    ("basket", "said"),
    [
        ("want=MIC&pieces=4", "Lúc đó chỉ còn trống 3"),
        ("want=H100&pieces=1", "Không trống vào lúc đó"),
        ("want=MIC&pieces=3", None),
    ],
)
def test_the_basket_says_what_clashes(renter, basket, said):
    text = words(renter.get(f"/find?{WHEN}&{basket}"))
    clashes = ["Lúc đó chỉ còn trống 3", "Không trống vào lúc đó."]
    assert [one for one in clashes if one in text] == (
        [one for one in clashes if said and said in one]
    )


def test_one_press_applies_what_would_fit(renter):
    answer = renter.get(f"/find?{WHEN}&want=H100&pieces=1&want=MIC&pieces=2")
    (query,) = links(answer, "thay cho")[:1]
    assert query["want"] == ["H120", "MIC"]
    (fewer,) = links(renter.get(f"/find?{WHEN}&want=MIC&pieces=5"), "Chỉ 3")
    assert fewer["pieces"] == ["3"]


def test_on_several_days_a_hall_must_be_free_on_each(renter):
    answer = renter.get(f"/find?{WHEN}&last=2030-03-07&want=H100&pieces=1")
    assert "Trống 2 trên 3 ngày" in words(answer)
    assert [query["want"] for query in links(answer, "thay cho")] == [["H120"]]
    (form,) = links(answer, "Đặt những mục này")
    assert form["last"] == ["2030-03-07"]


def test_the_price_is_that_of_the_days_and_pieces_together(renter):
    def total(query):
        text = renter.get(f"/find?{query}").get_data(as_text=True)
        (found,) = re.findall(r'<dd class="total">([\d.]+)', text)
        return int(found.replace(".", ""))

    one = total(f"{WHEN}&want=H50&pieces=1")
    assert one > 0
    assert total(f"{WHEN}&last=2030-03-06&want=H50&pieces=1") == 2 * one


@pytest.mark.parametrize(
    "query",
    [
        "day=never", "day=2030-03-05&last=2030-03-01", "day=2030-03-05&last=2031-03-05",
        "from=11:00&to=09:00", "from=later", "people=-3", "people=many", "people=99999999999",
        "kind=ship", "day=0001-01-01", "from=25:00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_stands_beside_its_field_and_is_kept(renter, query):
    answer = renter.get(f"/find?{query}")
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.get_data(as_text=True) or "kind" in query
    partial = renter.get(f"/find?{query}", headers={"HX-Request": "true"})
    assert (partial.status_code, 'role="alert"' in partial.get_data(as_text=True)) == (200, True)


@pytest.mark.parametrize(
    "query",
    [
        "want=%00&pieces=1", "want=H50&pieces=-1", "want=H50&pieces=x", "want=H50", "pieces=3",
        "want=H50&pieces=9999999999", "add=" + "H" * 500, "rows=99999999", "rows=x", "site=nowhere",
        "q=%25%27%22%3Cscript%3E", "q=%00", "want=H50&pieces=%D9%A3",
    ],
)  # fmt: skip
def test_an_address_from_anywhere_breaks_nothing(renter, query):
    answer = renter.get(f"/find?{WHEN}&{query}", follow_redirects=True)
    assert answer.status_code == 200
    assert "'\"<script>" not in answer.get_data(as_text=True)


def test_a_thing_that_is_gone_is_taken_out_of_the_basket_and_named(renter, house):
    with transaction():
        build.db.session.merge(house["H120"]).is_retired = True
    answer = renter.get(f"/find?{WHEN}&want=H120&pieces=1&want=H50&pieces=1")
    assert "đã bỏ khỏi giỏ: H120" in words(answer)
    assert re.findall(r'name="want" value="(\w+)"', answer.get_data(as_text=True)) == ["H50"]


def test_a_basket_has_a_bottom(renter):
    many = "&".join(f"want=X{number}&pieces=1" for number in range(60))
    query = parse_qs(urlsplit(renter.get(f"/find?{WHEN}&{many}&add=H50").location).query)
    assert len(query["want"]) == 30


def test_who_may_not_book_sees_what_is_free_and_no_basket(service, person, house):
    finance = signed_in(service, person(role=Role.FINANCE))
    text = finance.get(f"/find?{WHEN}&want=H50&pieces=1").get_data(as_text=True)
    assert 'id="basket"' not in text
    assert 'name="add"' not in text
    assert "Hội trường H50" in text


def test_a_name_is_only_ever_text(renter, house):
    with transaction():
        build.db.session.merge(house["H50"]).name = '<b onclick="x">Hội trường</b>'
    text = renter.get(f"/find?{WHEN}&want=H50&pieces=1").get_data(as_text=True)
    assert "<b onclick" not in text


def test_what_is_kept_for_other_units_is_not_free_and_says_why(service, person, house):
    friend, desk = person(), person(role=Role.DESK)
    with transaction():
        closures.reserve(house["H120"], span(0, 2), "Tuần lễ đối ngoại", [friend.unit])
    said = words(signed_in(service, person()).get(f"/find?{WHEN}"))
    assert "4 phù hợp 2 trống 2 không trống" in said
    assert "Tuần lễ đối ngoại" in said
    for whose in (friend, desk):
        said = words(signed_in(service, whose).get(f"/find?{WHEN}"))
        assert "4 phù hợp 3 trống 1 không trống" in said
