"""The pages: thin views that parse, ask whether one may, act through a service and answer."""

from typing import Any

from flask import Flask, current_app, request, url_for

from portal.access import allowed, current_member_or_none
from portal.pages import (
    ageing,
    agreements,
    alerts,
    approvals,
    asset_pages,
    assets,
    availability,
    bank,
    bank_entries,
    bookings,
    books,
    card_payments,
    catalogue,
    change_wishes,
    changes,
    circuit_months,
    circuits,
    claim_notes,
    clearances,
    closed,
    closing,
    configurations,
    corrections,
    counter,
    credentials,
    dependencies,
    desk,
    device_charts,
    device_form,
    device_imports,
    device_story,
    device_tests,
    devices,
    discounts,
    duty,
    einvoices,
    endpoints,
    event_programme,
    exports,
    factory_logins,
    facts,
    feeds,
    files,
    finance_work,
    find,
    following,
    formats,
    guests,
    holds,
    home,
    imports,
    interruptions,
    invoice_list,
    invoice_runs,
    invoices,
    invoicing_details,
    journal,
    label_sheets,
    maintenance,
    maintenance_plans,
    money,
    opening,
    overdue,
    papers,
    part_invoices,
    payments,
    policies,
    programme,
    proposals,
    readiness,
    reading,
    receipts,
    remediations,
    reports,
    risk_words,
    sensor_words,
    series,
    sharing,
    statements,
    states,
    stops,
    substitutes,
    surveys,
    tariffs,
    timeline,
    timeline_moves,
    told_words,
    traffic,
    troubles,
    unbilled,
    violation_list,
    violations,
    waitlist,
    waivers,
    wall,
    wall_links,
    work,
    write_offs,
)

ROOMS = (
    home,
    find,
    timeline,
    timeline_moves,
    catalogue,
    bookings,
    changes,
    substitutes,
    series,
    files,
    papers,
    readiness,
    part_invoices,
    corrections,
    event_programme,
    change_wishes,
    holds,
    waitlist,
    approvals,
    clearances,
    agreements,
    desk,
    guests,
    maintenance,
    maintenance_plans,
    invoice_list,
    invoices,
    receipts,
    devices,
    device_charts,
    device_form,
    device_imports,
    surveys,
    device_tests,
    credentials,
    troubles,
    unbilled,
    availability,
    wall,
    wall_links,
    alerts,
    duty,
    endpoints,
    factory_logins,
    configurations,
    facts,
    circuits,
    dependencies,
    violations,
    waivers,
    policies,
    remediations,
    journal,
    feeds,
    sharing,
    programme,
    reports,
    exports,
    imports,
    counter,
    asset_pages,
    overdue,
    label_sheets,
    proposals,
    following,
    write_offs,
    stops,
    ageing,
    statements,
    interruptions,
    bank,
    bank_entries,
    traffic,
    closing,
    books,
    finance_work,
    money,
    tariffs,
    discounts,
    payments,
    card_payments,
    invoice_runs,
    circuit_months,
    einvoices,
    invoicing_details,
)

# Rooms that stand at another place of the navigation.
PLACES = {
    "bank_entries": "bank",
    "following": "invoices",
    "einvoices": "invoices",
    "invoice_runs": "invoices",
    "invoicing_details": "invoices",
    "circuit_months": "invoices",
    "card_payments": "invoices",
    "corrections": "invoices",
    "invoice_list": "invoices",
    "changes": "bookings",
    "series": "bookings",
    "event_programme": "bookings",
    "imports": "bookings",
    "waitlist": "holds",
    "overdue": "counter",
    "asset_pages": "catalogue",
    "labels": "catalogue",
    "maintenance_plans": "maintenance",
    "wall_links": "wall",
    "device_form": "devices",
    "device_imports": "devices",
    "device_tests": "devices",
    "surveys": "devices",
    "credentials": "devices",
    "duty": "alerts",
    "waivers": "violations",
    "facts": "devices",
    "configurations": "devices",
    "remediations": "policies",
}


def has_page(endpoint: str) -> bool:
    """Whether this installation has the page."""
    return endpoint in current_app.view_functions


def here(endpoint: str) -> bool:
    """Whether the page shown belongs to the place of the navigation named."""
    if request.endpoint is None:
        return False
    room, _dot, view = request.endpoint.partition(".")
    wanted, _dot, name = endpoint.partition(".")
    # Two places of the navigation in one room.
    if name == "outages" or view == "outages" or room == wanted in ("books", "troubles"):
        return request.endpoint == endpoint
    return PLACES.get(room, room) == wanted


def same_page(**changes: Any) -> str:
    """This page's address with some of the query changed, from its first page on."""
    query = {**request.args.to_dict(), **changes}
    query.setdefault("page", None)
    if "page" not in changes:
        query["page"] = None
    if request.endpoint is None or request.method != "GET":
        return url_for("home.show", **{k: v for k, v in changes.items() if k == "lang"})
    query = {name: value for name, value in query.items() if value not in (None, "")}
    return url_for(request.endpoint, **{**query, **(request.view_args or {})})


def _of_the_visitor() -> dict[str, Any]:
    member = current_member_or_none()
    counts = dict.fromkeys(("waiting", "violations", "approvals", "overdue", "proposals"), 0)
    # A part of a page has no navigation, and so nothing to count.
    if member is not None and not reading.is_partial():
        if allowed("confirm bookings"):
            counts["waiting"] = desk.waiting()
        if allowed("return bookings"):
            counts["overdue"] = overdue.count()
        if allowed("decide proposals"):
            counts["proposals"] = proposals.waiting()
        if allowed("acknowledge violations"):
            counts["violations"] = violation_list.count_live()
        counts["approvals"] = approvals.count()
    return {"member": member, "counts": counts}


def register(app: Flask) -> None:
    """Bind every room of pages, and teach the templates our words."""
    for room in ROOMS:
        app.register_blueprint(room.pages)
        # What a room gives to templates of other rooms: functions by name.
        app.jinja_env.globals.update(getattr(room, "FOR_TEMPLATES", {}))
    work.register(app, [ask for room in ROOMS for ask in getattr(room, "WORK", ())])
    for parts in (claim_notes, device_story, risk_words, sensor_words, told_words):
        app.jinja_env.globals.update(parts.FOR_TEMPLATES)
    app.jinja_env.filters.update(formats.FILTERS)
    app.jinja_env.filters.update(
        standing=invoices.standing,
        rule_title=violations.rule_title,
        spoken=violations.spoken,
        why=closed.why,
        holiday=opening.holiday,
        outside=opening.outside_of,
        outside_any=opening.outside_any,
        groupby_day=event_programme.by_day,
        dialled=event_programme.dialled,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        states.NAMES,
        asset=assets.asset,
        icon=assets.icon,
        language=formats.language,
        period=formats.period,
        hours=formats.hours,
        has_page=has_page,
        here=here,
        same_page=same_page,
    )
    app.context_processor(_of_the_visitor)
