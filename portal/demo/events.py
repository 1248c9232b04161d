"""Events of the demo: invented titles, and what such an event usually rents. All pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import cycle

from config.clock import LOCAL
from rental.models import EventKind, Organiser
from rental.period import Period

PAST_DAYS = FUTURE_DAYS = 14
MORNING, AFTERNOON, FULL_DAY = (
    (time(8, 30), time(11, 30)),
    (time(14), time(17)),
    (time(8), time(17)),
)


class Fate(StrEnum):
    """How an event of the demo ends, or where it stands today."""

    RETURNED = "returned"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    REQUESTED = "requested"
    RUNNING = "running"


SPANS = (("am", MORNING), ("pm", AFTERNOON), ("am", MORNING), ("pm", AFTERNOON), ("day", FULL_DAY))
HALVES = {"am": ("am",), "pm": ("pm",), "day": ("am", "pm")}
PAST = (
    *(Fate.RETURNED,) * 4, Fate.CANCELLED, *(Fate.RETURNED,) * 5, Fate.NO_SHOW,
    *(Fate.RETURNED,) * 4, Fate.DECLINED, *(Fate.RETURNED,) * 3,
)  # fmt: skip
FUTURE = (
    Fate.CONFIRMED, Fate.REQUESTED, Fate.CONFIRMED, Fate.CONFIRMED, Fate.REQUESTED, Fate.EXPIRED,
    Fate.CONFIRMED, Fate.CANCELLED, Fate.REQUESTED, Fate.CONFIRMED, Fate.DECLINED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of event: titles, where it is held, what it rents besides the hall."""

    event_kind: EventKind
    titles: tuple[str, ...]
    halls: tuple[str, ...]
    gear: tuple[tuple[str, int], ...]
    attendees: tuple[int, int]
    organiser: Organiser = Organiser.DOMESTIC


@dataclass(frozen=True, slots=True)
class Plan:
    """One event to enter: who, what, when, and how it ends."""

    email: str
    title: str
    kind: Kind
    hall: str
    period: Period
    attendees: int
    fate: Fate
    requested_at: datetime

    @property
    def lines(self) -> list[tuple[str, int]]:
        """Resource codes and quantities."""
        return [(self.hall, 1), *self.kind.gear]


KINDS = (
    Kind(
        EventKind.PRESS_CONFERENCE,
        (
            "Họp báo công bố Tuần lễ Áo dài Thành phố",
            "Họp báo giới thiệu Giải chạy đêm Sài Gòn",
            "Họp báo kết quả sáu tháng chuyển đổi số",
            "Họp báo Liên hoan phim ngắn sinh viên",
            "Họp báo mở tuyến buýt điện mới",
            "Họp báo khởi động chương trình Thành phố không rác nhựa",
            "Họp báo Lễ hội Sông nước lần thứ tư",
            "Họp báo công bố bản đồ ẩm thực đường phố",
            "Họp báo Ngày hội việc làm sinh viên",
            "Họp báo ra mắt cổng dữ liệu mở của Thành phố",
        ),
        ("H100", "H50"),
        (("MIC", 4), ("CAM", 1), ("F100", 1)),
        (35, 95),
    ),
    Kind(
        EventKind.SEMINAR,
        (
            "Tọa đàm: Báo chí dữ liệu trong tòa soạn nhỏ",
            "Tọa đàm: Bản quyền ảnh báo chí trên mạng xã hội",
            "Tọa đàm: Nhà ở xã hội, góc nhìn người trẻ",
            "Tọa đàm: An toàn thông tin cho phóng viên",
            "Tọa đàm: Podcast tin tức, nghe gì và ai nghe",
            "Tọa đàm: Đưa tin thiên tai có trách nhiệm",
        ),
        ("H50", "EXCH"),
        (("MIC", 3), ("PROJ", 1)),
        (15, 30),
    ),
    Kind(
        EventKind.CONFERENCE,
        (
            "Hội nghị sơ kết công tác thông tin đối ngoại",
            "Hội nghị kết nối doanh nghiệp số khu vực phía Nam",
            "Hội nghị giao ban báo chí mở rộng",
            "Hội nghị tổng kết mạng lưới cộng tác viên",
        ),
        ("H100",),
        (("MIC", 6), ("LED", 1), ("F200", 1)),
        (60, 100),
    ),
    Kind(
        EventKind.FORUM,
        (
            "Diễn đàn Kinh tế sáng tạo Thành phố",
            "Diễn đàn Đô thị ven sông",
        ),
        ("H150",),
        (("MIC", 8), ("INT", 1), ("RX", 90), ("F200", 1)),
        (110, 150),
    ),
    Kind(
        EventKind.TRAINING,
        (
            "Tập huấn kỹ năng quay phim bằng điện thoại",
            "Tập huấn kiểm chứng thông tin trên mạng",
            "Lớp dẫn chương trình dành cho cộng tác viên",
            "Tập huấn trực quan hóa số liệu",
            "Lớp biên tập ảnh báo chí cơ bản",
        ),
        ("EXCH", "PRESS"),
        (("NOTE", 6), ("PROJ", 1)),
        (12, 28),
    ),
    Kind(
        EventKind.BROADCAST,
        (
            "Phát trực tiếp Gặp gỡ đầu tuần",
            "Phát trực tiếp trò chuyện cùng kiều bào",
            "Phát trực tiếp chung kết Sinh viên viết báo",
        ),
        ("H50",),
        (("LIVE", 1), ("STREAM", 1), ("MIC", 4), ("F200", 1)),
        (10, 25),
    ),
    Kind(
        EventKind.PRESS_CONFERENCE,
        (
            "Saigon Wire: Regional press briefing on river transport",
            "Saigon Wire: Year-end briefing for foreign correspondents",
            "Saigon Wire: Round table on coastal cities",
            "Saigon Wire: Media day of the river cleaning project",
        ),
        ("VIP", "H50"),
        (("INT", 1), ("RX", 20), ("MIC", 3), ("BOOTH", 1)),
        (10, 30),
        Organiser.FOREIGN,
    ),
)
# How often each kind comes, in the order of KINDS.
OFTEN = (4, 3, 3, 1, 3, 1, 1)
# Who asks for what: the foreign bureau for its own briefings, everybody else for the others.
HOME_MEMBERS = (
    "member@unit-a.example", "head@unit-a.example", "member2@unit-a.example",
    "member@unit-b.example", "head@unit-b.example", "head@so-do-thi.example",
    "member@so-do-thi.example", "head@ban-xanh.example", "member@dai-cuu-long.example",
    "head@hoi-so.example", "member@hoi-so.example",
)  # fmt: skip
FOREIGN_MEMBERS = ("head@saigon-wire.example", "member@saigon-wire.example")
RUNNING = Kind(
    EventKind.BROADCAST,
    ("Điểm cầu truyền hình trực tiếp: Ngày hội Sách và Văn hóa đọc",),
    ("PRESS",),
    (("ENC", 2), ("STREAM", 1), ("F500", 1)),
    (20, 20),
)


def planned(now: datetime, seed: int) -> Iterator[Plan]:
    """The events of four weeks around `now`, Sundays free, the running one last.

    The same seed and the same day plan the same events. The running one needs its hall: what
    the program would put there meanwhile is left out, as asking earlier would win the hall.
    """
    running = _running(now)
    dice = random.Random(seed)
    today = now.astimezone(LOCAL).date()
    decks: dict[str, Iterator[Fate]] = {"past": cycle(PAST), "future": cycle(FUTURE)}
    program = _Program(dice)
    for offset in range(-PAST_DAYS, FUTURE_DAYS + 1):
        day = today + timedelta(days=offset)
        for hall, kind, title, span in program.of(day):
            period = Period(*(datetime.combine(day, at, LOCAL) for at in span))
            if hall == running.hall and period.overlaps(running.period):
                continue
            fate = _fate(period, now, decks)
            yield _plan(dice, Scheduled(kind, title, hall, period), fate, now)
    yield running


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An event with its hall and time, before it is known who asks and how it ends."""

    kind: Kind
    title: str
    hall: str
    period: Period


class _Program:
    """Deals kinds and titles from shuffled decks, so that neither repeats before it must."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.kinds: list[Kind] = []
        self.titles: dict[Kind, list[str]] = {}

    def of(self, day: date) -> Iterator[tuple[str, Kind, str, tuple[time, time]]]:
        """What one day holds: a few events, each hall once in a half day."""
        if day.weekday() == 6:
            return
        taken: set[tuple[str, str]] = set()
        for _ in range(self.dice.choice((3, 3, 4, 5))):
            kind = self._kind()
            hall = self.dice.choice(kind.halls)
            name, span = self.dice.choice(SPANS)
            rooms = {"H100", "H50", "H150"} if hall == "H150" else {hall}
            rooms |= {"H150"} if hall in ("H100", "H50") else set()
            wanted = {(room, half) for room in rooms for half in HALVES[name]}
            if not taken & wanted:
                taken |= wanted
                yield hall, kind, self._title(kind), span

    def _kind(self) -> Kind:
        if not self.kinds:
            self.kinds = [kind for kind, n in zip(KINDS, OFTEN, strict=True) for _ in range(n)]
            self.dice.shuffle(self.kinds)
        return self.kinds.pop()

    def _title(self, kind: Kind) -> str:
        if not self.titles.get(kind):
            self.titles[kind] = self.dice.sample(kind.titles, len(kind.titles))
        return self.titles[kind].pop()


def _fate(period: Period, now: datetime, decks: dict[str, Iterator[Fate]]) -> Fate:
    """The next fate that the period allows: dealt in turn, so that each is there on any day."""
    if period.ends_at + timedelta(minutes=30) <= now:
        return next(decks["past"])
    if period.starts_at <= now + timedelta(hours=1):
        return Fate.CONFIRMED
    return next(decks["future"])


def _plan(dice: random.Random, event: Scheduled, fate: Fate, now: datetime) -> Plan:
    kind, period = event.kind, event.period
    foreign = kind.organiser is Organiser.FOREIGN
    asked = period.starts_at - timedelta(days=dice.randint(4, 12), minutes=dice.randint(0, 400))
    if fate is Fate.EXPIRED:
        # Seven days without an answer, over by today.
        asked = min(asked, now - timedelta(days=7, hours=6))
    elif fate is Fate.REQUESTED:
        # Still inside its seven days, so that the desk has something to answer.
        asked = max(min(asked, now - timedelta(hours=2)), now - timedelta(days=5))
    asked = min(asked, now - timedelta(minutes=dice.randint(50, 600)))
    return Plan(
        email=dice.choice(FOREIGN_MEMBERS if foreign else HOME_MEMBERS),
        title=event.title,
        kind=kind,
        hall=event.hall,
        period=period,
        attendees=dice.randint(*kind.attendees),
        fate=fate,
        requested_at=asked,
    )


def _running(now: datetime) -> Plan:
    """An event that is on right now, whatever the hour, with the encoder that fails."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    period = Period(quarter - timedelta(minutes=75), quarter + timedelta(hours=9))
    return Plan(
        email="member@unit-a.example",
        title=RUNNING.titles[0],
        kind=RUNNING,
        hall=RUNNING.halls[0],
        period=period,
        attendees=20,
        fate=Fate.RUNNING,
        requested_at=period.starts_at - timedelta(days=6),
    )
