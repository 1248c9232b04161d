"""Maintenance over the API: plans and the service history, for those who look after assets."""

from datetime import timedelta

import pytest

from config import clock
from config.database import transaction
from rental import maintenance, servicing
from rental.maintenance import Terms
from rental.servicing import NewService, Outcome
from tests.api.conftest import Centre


@pytest.fixture
def looked_after(centre: Centre) -> Centre:
    """A hall that is late, a pool that rests, one service that ran and one that runs."""
    with centre.app.app_context(), transaction():
        hall, _ = maintenance.named("H50")
        pool, _ = maintenance.named("MIC")
        today = clock.today()
        late = maintenance.add(hall, Terms("Bảo dưỡng", 90, today - timedelta(days=2)), by=None)
        resting = Terms("Thay pin", 30, today, is_active=False)
        maintenance.add(pool, resting, by=None)
        done = servicing.begin(NewService(hall, plan=late, note="Ca sáng"), by=None)
        servicing.finish(done, Outcome(), by=None)
        servicing.begin(NewService(pool), by=None)
    return centre


def test_plans_stand_with_what_falls_due_first_and_resting_ones_last(looked_after: Centre) -> None:
    found = looked_after.operator.get("/maintenance").json
    assert [(one["resource"], one["active"]) for one in found["items"]] == [
        ("H50", True),
        ("MIC", False),
    ]
    assert found["total"] == 2
    # It was done today: from then on it counts anew.
    in_a_quarter = (clock.today() + timedelta(days=90)).isoformat()
    assert found["items"][0]["next_due_on"] == in_a_quarter


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?active=true", ["H50"]),
        ("?active=false", ["MIC"]),
        ("?what=MIC", ["MIC"]),
        ("?until=2000-01-01", []),
        ("?per_page=1&page=2", ["MIC"]),
    ],
)
def test_plans_are_narrowed(looked_after: Centre, query: str, left: list[str]) -> None:
    items = looked_after.desk.get(f"/maintenance{query}").json["items"]
    assert [one["resource"] for one in items] == left


def test_the_history_stands_newest_first(looked_after: Centre) -> None:
    found = looked_after.desk.get("/maintenance/services").json
    assert [(one["resource"], one["ended_at"] is None) for one in found["items"]] == [
        ("MIC", True),
        ("H50", False),
    ]
    assert found["items"][1]["note"] == "Ca sáng"
    running = looked_after.desk.get("/maintenance/services?running=true").json
    assert [one["resource"] for one in running["items"]] == ["MIC"]
    ended = looked_after.desk.get("/maintenance/services?what=H50&running=false").json
    assert ended["total"] == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?what=NOWHERE", 404),
        ("?until=tomorrow", 422),
        ("?active=perhaps", 422),
        ("?per_page=0", 422),
        ("?colour=red", 422),
    ],
)
def test_what_cannot_be_read_is_told(looked_after: Centre, query: str, status: int) -> None:
    assert looked_after.desk.get(f"/maintenance{query}").status_code == status


@pytest.mark.parametrize("who", ["member", "head", "finance", "director", "stranger"])
@pytest.mark.parametrize("path", ["/maintenance", "/maintenance/services"])
def test_it_is_for_those_who_look_after_assets(looked_after: Centre, who: str, path: str) -> None:
    assert getattr(looked_after, who).get(path).status_code == 403
