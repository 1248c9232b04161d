"""Approvals: who is asked, in which order they answer, and what a change does to an answer."""

from datetime import date
from itertools import permutations

import pytest
from pydantic import ValidationError

from rental import approval_rules, approvals, bookings, journal, signals
from rental.approval_rules import ApprovalRule, When
from rental.asking import Changes, WantedLine
from rental.errors import ApprovalSettled, ApprovalsMissing, UnknownApproval
from rental.models import ApprovalStatus, BookingStatus, EventKind, Organiser, Role
from rental.wording import Wording
from tests import build
from tests.rental.claims import MORNING, at, head_of, heard, requested

YES, NO = ApprovalStatus.APPROVED, ApprovalStatus.REFUSED


def rule(rule_id, *roles, since=date(2020, 1, 1), until=None, **when):
    return ApprovalRule(
        id=rule_id,
        title=Wording(vi="Quy định", en="Rule"),
        roles=roles,
        when=When(**when),
        valid_from=since,
        valid_to=until,
        source="test",
    )


FAST = rule("fast", "operator", kinds=["circuit"], mbps_min=500)
FOREIGN = rule("foreign", "director", event_kinds=["press_conference"], organiser="foreign")
LARGE = rule("large", "director", attendees_min=301)


@pytest.fixture
def rules(house, monkeypatch):
    """Puts rules in force instead of the installation's."""
    in_force = [FAST, FOREIGN, LARGE]
    monkeypatch.setattr(approval_rules, "load", lambda: tuple(in_force))
    return in_force


@pytest.fixture
def people(house):
    centre = build.a_unit(is_centre=True)
    return {
        role: build.a_member(unit=centre, role=role)
        for role in (Role.DESK, Role.OPERATOR, Role.DIRECTOR, Role.FINANCE, Role.ADMINISTRATOR)
    }


def asked(booking):
    return {approval.rule: approval for approval in approvals.of(booking)}


def answered(booking, key, status, by, comment=""):
    approvals.answer(asked(booking)[key], status, by=by, comment=comment)


NEEDS = [
    # why, the circuit's Mbps, pieces, what the event is, who is asked
    ("an ordinary event", 100, 1, {}, []),
    ("one fast circuit", 500, 1, {}, ["fast:operator"]),
    ("five that are fast together", 100, 5, {}, ["fast:operator"]),
    ("just below", 499, 1, {}, []),
    (
        "foreign press",
        100,
        1,
        {"event_kind": EventKind.PRESS_CONFERENCE, "organiser": Organiser.FOREIGN},
        ["foreign:director"],
    ),
    ("a foreign seminar", 100, 1, {"organiser": Organiser.FOREIGN}, []),
    ("three hundred people", 100, 1, {"attendees": 300}, []),
    ("one more", 100, 1, {"attendees": 301}, ["large:director"]),
    ("both", 1000, 1, {"attendees": 400}, ["fast:operator", "large:director"]),
]


@pytest.mark.parametrize(
    ("mbps", "pieces", "event", "who"), [row[1:] for row in NEEDS], ids=[row[0] for row in NEEDS]
)
def test_who_is_asked(rules, mbps, pieces, event, who):
    line = build.a_circuit(mbps=mbps, stock=5)
    booking = requested(build.a_member(), line, quantity=pieces, **event)
    assert sorted(asked(booking)) == who


@pytest.mark.parametrize(
    ("since", "until", "is_asked"),
    [
        (date(2030, 3, 5), None, True),  # from the very day
        (date(2030, 3, 6), None, False),
        (date(2020, 1, 1), date(2030, 3, 5), True),  # the last day counts
        (date(2020, 1, 1), date(2030, 3, 4), False),
    ],
)
def test_a_rule_asks_while_it_is_in_force(rules, since, until, is_asked):
    rules[:] = [rule("all", "director", since=since, until=until)]
    assert bool(asked(requested(build.a_member(), build.a_hall()))) is is_asked


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "owner"},
        {"roles": []},
        {"roles": ["desk"]},  # the desk's yes is the confirmation itself
        {"when": {"colour": "red"}},
        {"valid_to": date(2019, 1, 1)},
    ],
)
def test_a_rule_that_makes_no_sense_is_not_read(wrong):
    with pytest.raises(ValidationError):
        ApprovalRule.model_validate({**FAST.model_dump(), **wrong})


def test_an_owner_is_asked_when_another_unit_books_what_is_its(rules):
    owner = build.a_unit()
    studio = build.a_hall(code="STUDIO", owner_id=owner.id)
    theirs = requested(build.a_member(), studio)
    assert list(asked(theirs)) == ["owner:STUDIO"]
    assert asked(theirs)["owner:STUDIO"].unit is owner
    own = requested(build.a_member(unit=owner), studio, period=at(4, 6))
    assert asked(own) == {}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_yes_of_all_is_needed_in_whatever_order_it_comes(rules, people, order):
    owner = build.a_unit()
    studio, fast = build.a_hall(owner_id=owner.id), build.a_circuit(mbps=1000)
    booking = requested(build.a_member(), studio, fast, attendees=500)
    deeds = [
        ("fast:operator", people[Role.OPERATOR]),
        ("large:director", people[Role.DIRECTOR]),
        (f"owner:{studio.code}", head_of(owner)),
    ]
    for left, place in zip((3, 2, 1), order, strict=True):
        with pytest.raises(ApprovalsMissing) as refused:
            bookings.confirm(booking, by=people[Role.DESK])
        assert len(refused.value.details["approvals"]) == left
        key, who = deeds[place]
        answered(booking, key, YES, who)
    bookings.confirm(booking, by=people[Role.DESK])
    assert booking.status is BookingStatus.CONFIRMED


def test_one_no_stops_it_until_it_is_thought_over(rules, people):
    booking = requested(build.a_member(), build.a_circuit(mbps=500))
    told = heard(signals.approval_answered)
    answered(booking, "fast:operator", NO, people[Role.OPERATOR], " Hết cổng quang ")
    with pytest.raises(ApprovalsMissing):
        bookings.confirm(booking, by=people[Role.DESK])
    assert asked(booking)["fast:operator"].comment == "Hết cổng quang"
    answered(booking, "fast:operator", YES, people[Role.OPERATOR])
    bookings.confirm(booking, by=people[Role.DESK])
    assert [facts for _one, facts in told] == [{}, {}]
    verbs = [entry.verb for entry in journal.of(booking)]
    assert verbs.count("approval_refused") == verbs.count("approval_approved") == 1


def test_nobody_answers_for_another_role_but_the_administrator(rules, people):
    booking = requested(build.a_member(), build.a_circuit(mbps=500))
    approval = asked(booking)["fast:operator"]
    for role in (Role.DESK, Role.DIRECTOR, Role.FINANCE):
        with pytest.raises(UnknownApproval):
            approvals.answer(approval, YES, by=people[role])
        with pytest.raises(UnknownApproval):
            approvals.get(approval.id, people[role])
    approvals.answer(approval, YES, by=people[Role.ADMINISTRATOR])
    assert approval.member is people[Role.ADMINISTRATOR]


def test_only_the_owners_head_answers_for_the_owner(rules):
    owner = build.a_unit()
    booking = requested(build.a_member(), build.a_hall(owner_id=owner.id))
    [approval] = approvals.of(booking)
    for other in (build.a_member(unit=owner), head_of(booking.unit), head_of(build.a_unit())):
        with pytest.raises(UnknownApproval):
            approvals.answer(approval, YES, by=other)
    approvals.answer(approval, YES, by=head_of(owner))


def test_an_answer_stays_where_its_grounds_stay(rules, people):
    hall, fast = build.a_hall(), build.a_circuit(mbps=500)
    member = build.a_member()
    booking = requested(member, hall, fast, attendees=400)
    answered(booking, "fast:operator", YES, people[Role.OPERATOR])
    answered(booking, "large:director", YES, people[Role.DIRECTOR])
    told = heard(signals.approval_asked)
    bookings.change(booking, Changes(title="Tên khác"), by=member)
    bookings.change(booking, Changes(attendees=450), by=member)
    assert asked(booking)["fast:operator"].status is YES
    assert asked(booking)["large:director"].status is ApprovalStatus.PENDING
    assert [one.rule for one, _facts in told] == ["large:director"]
    moved = [WantedLine(hall.code, 1, MORNING), WantedLine(fast.code, 1, at(1, 2))]
    bookings.change(booking, Changes(lines=moved), by=member)
    assert asked(booking)["fast:operator"].status is ApprovalStatus.PENDING


def test_what_a_change_no_longer_needs_is_no_longer_asked(rules, people):
    hall, fast = build.a_hall(), build.a_circuit(mbps=500)
    member = build.a_member()
    booking = requested(member, hall, fast)
    bookings.change(booking, Changes(lines=[WantedLine(hall.code, 1, MORNING)]), by=member)
    assert asked(booking) == {}
    bookings.change(booking, Changes(attendees=900), by=member)
    assert list(asked(booking)) == ["large:director"]


def test_what_has_been_settled_is_answered_no_more(rules, people):
    booking = requested(build.a_member(), build.a_circuit(mbps=500))
    answered(booking, "fast:operator", YES, people[Role.OPERATOR])
    bookings.confirm(booking, by=people[Role.DESK])
    with pytest.raises(ApprovalSettled):
        answered(booking, "fast:operator", NO, people[Role.OPERATOR])
    bookings.cancel(booking, by=people[Role.DESK])
    with pytest.raises(ApprovalSettled):
        answered(booking, "fast:operator", YES, people[Role.OPERATOR])


def test_each_sees_what_waits_for_its_own_answer(rules, people):
    owner = build.a_unit()
    head = head_of(owner)
    booking = requested(
        build.a_member(), build.a_hall(owner_id=owner.id), build.a_circuit(mbps=500), attendees=500
    )
    seen = {
        who: sorted(one.rule.partition(":")[0] for one in approvals.waiting(member))
        for who, member in (*people.items(), ("head", head), ("other", head_of(booking.unit)))
    }
    assert seen == {
        Role.DESK: [],
        Role.FINANCE: [],
        Role.OPERATOR: ["fast"],
        Role.DIRECTOR: ["large"],
        Role.ADMINISTRATOR: ["fast", "large", "owner"],
        "head": ["owner"],
        "other": [],
    }
    assert approvals.count_waiting(people[Role.ADMINISTRATOR]) == 3
    answered(booking, "fast:operator", YES, people[Role.OPERATOR])
    assert approvals.waiting(people[Role.OPERATOR]) == []
    assert [one.rule for one in approvals.answered(people[Role.OPERATOR])] == ["fast:operator"]
    bookings.decline(booking, by=people[Role.DESK])
    assert approvals.count_waiting(people[Role.ADMINISTRATOR]) == 0


def test_the_shipped_rules_ask_whom_the_centre_says(house):
    shipped = {each.id: each for each in approval_rules.load()}
    assert {key: one.roles for key, one in shipped.items()} == {
        "fast-circuits": ("operator",),
        "foreign-press": ("director",),
        "large-events": ("director",),
    }
