"""What tests of papers stand on: an event with a kit of kits, and the text of a PDF read back."""

import io
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

import pypdf
from flask import Flask

from config.database import db, transaction
from portal.pages.papers import drawn
from rental import bookings, programme
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Member, Part, Resource
from rental.period import Period
from rental.programme import NewContact, NewEntry
from tests import build

START = build.TUESDAY  # 09:00 in Ho Chi Minh City
MORNING = Period(START, START + timedelta(hours=4))
SET_UP = Period(START - timedelta(hours=2), START + timedelta(hours=5))
TITLE = "Họp báo công bố Tuần lễ Áo dài"


def read(made: bytes) -> str:
    """The text of all pages with single spaces, composed."""
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    return unicodedata.normalize("NFC", text)


def text_of(service: Flask, booking: Booking, name: str, language: str = "vi") -> str:
    """What a paper says, drawn as a request would."""
    with service.test_request_context():
        return read(drawn(booking, name, language).get_data())


@dataclass
class World:
    """A unit's event: a hall, two livestream kits, cables besides, and a circuit."""

    member: Member
    desk: Member
    booking: Booking
    camera: Resource
    cable: Resource


def _catalogue() -> tuple[Resource, Resource]:
    site = build.a_site(slug="hcmc", name="Trung tâm")
    hall = {"turnaround_before_minutes": 60, "turnaround_after_minutes": 30}
    build.a_hall(site=site, code="H100", name="Hội trường lớn", name_en="Large hall", **hall)
    kit = build.equipment(site=site, code="KIT", name="Bộ truyền hình", stock=3)
    camera = build.equipment(site=site, code="CAM", name="Máy quay 4K", stock=10)
    cable = build.equipment(site=site, code="SDI", name="Cáp SDI 50 m", stock=40)
    lens = build.equipment(site=site, code="LENS", name="Ống kính", stock=40)
    kit.parts = [Part(part=camera, quantity=2), Part(part=cable, quantity=3)]
    camera.parts = [Part(part=lens, quantity=2)]
    build.a_circuit(site=site, code="F100", name="Đường truyền 100 Mbps")
    return camera, cable


def set_up(title: str = TITLE, **unit: object) -> World:
    """Everything committed."""
    with transaction():
        camera, cable = _catalogue()
        ours = build.a_unit(**{"name": "Báo Tuổi Trẻ", "tax_code": "0301234562", **unit})
        member = build.a_member(unit=ours, name="Nguyễn Thị Hạnh", email="hanh@unit.example")
        desk = build.desk()
        booking = bookings.request(
            RequestedBooking(
                member.unit,
                title,
                EventKind.CONFERENCE,
                [
                    WantedLine("H100", 1, MORNING),
                    WantedLine("KIT", 2, SET_UP),
                    WantedLine("SDI", 5, MORNING),
                    WantedLine("F100", 1, MORNING),
                ],
                attendees=80,
                note="Cần bục phát biểu.",
            ),
            by=member,
        )
        programme.replace(
            booking,
            [
                NewEntry(START, "Đón khách", START + timedelta(minutes=30), "Ban tổ chức", "H100"),
                NewEntry(START + timedelta(minutes=30), "Khai mạc"),
            ],
            [NewContact("Đạo diễn", "Lê Văn Cường", "0901 234 567", "cuong@unit.example")],
            by=member,
        )
    db.session.refresh(booking)
    return World(member, desk, booking, camera, cable)
