"""Devices from YAML: the list under `devices`, as `media-center import` reads it too.

Read from the parser's events, so that no file makes us recurse, and a scalar stays as it is
written: `serial: 0042` keeps its zeros. Anchors are refused: nothing grows when it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from portal.pages.booking_files.errors import BadSheet

LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KIND = "devices"
NOTHING = ("", "~", "null", "Null", "NULL")
SHAPE = "Line {line}: write a list of devices under `devices:`, each with its fields."
# Records of other kinds may be nested as deep as catalogue files go, and no deeper.
DEEPEST = 12


@dataclass(slots=True)
class Record:
    """One device as it is written: line, field → text, None where the field is emptied."""

    line: int
    fields: dict[str, str | None] = field(default_factory=dict)


def read(text: str, most: int) -> list[Record]:
    """The records of a file; raises BadSheet with a line."""
    try:
        return list(_bounded(_records(_Events(text)), most))
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise BadSheet(
            "Line {line}: this is not YAML; correct it.", line=mark.line + 1 if mark else 1
        ) from wrong
    except (yaml.YAMLError, UnicodeError) as wrong:
        raise BadSheet("Line {line}: this is not YAML; correct it.", line=1) from wrong


def _bounded(records: Iterator[Record], most: int) -> Iterator[Record]:
    for count, record in enumerate(records, 1):
        if count > most:
            raise BadSheet("There are more than {most} rows; split the file.", most=most)
        yield record


class _Events:
    """The events one by one; what cannot be meant is refused where it stands."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = yaml.parse(text, Loader=LOADER)
        self._depth = 0

    def next(self) -> Event:
        """The next event."""
        event = next(self._events)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise BadSheet(
                "Line {line}: write the values out; anchors and aliases are not taken here.",
                line=_line(event),
            )
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._depth += 1
            if self._depth > DEEPEST:
                raise BadSheet(SHAPE, line=_line(event))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._depth -= 1
        return event

    def expect(self, kind: type[Event]) -> Event:
        """The next event, which must be of this kind; raises BadSheet."""
        event = self.next()
        if not isinstance(event, kind):
            raise BadSheet(SHAPE, line=_line(event))
        return event


def _line(event: Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


def _records(events: _Events) -> Iterator[Record]:
    event = events.next()
    while not isinstance(event, MappingStartEvent):
        # The start of the stream and of its document; an empty file ends here.
        if isinstance(event, ScalarEvent | SequenceStartEvent | yaml.StreamEndEvent):
            raise BadSheet(SHAPE, line=_line(event))
        event = events.next()
    while isinstance(key := events.next(), ScalarEvent):
        if key.value != KIND:
            raise BadSheet(
                "Line {line}: only `devices:` is taken here; `media-center import` loads the rest.",
                line=_line(key),
            )
        events.expect(SequenceStartEvent)
        while not isinstance(event := events.next(), SequenceEndEvent):
            if not isinstance(event, MappingStartEvent):
                raise BadSheet(SHAPE, line=_line(event))
            yield _record(events, _line(event))


def _record(events: _Events, line: int) -> Record:
    record = Record(line)
    while isinstance(key := events.next(), ScalarEvent):
        if key.value in record.fields:
            raise BadSheet(
                "Line {line}: “{column}” stands there twice.",
                line=_line(key),
                column=key.value[:60],
            )
        value = events.next()
        if isinstance(value, ScalarEvent):
            is_nothing = value.implicit[0] and value.value in NOTHING
            record.fields[key.value] = None if is_nothing else value.value
        elif isinstance(value, SequenceStartEvent):
            record.fields[key.value] = ", ".join(_words(events))
        else:
            raise BadSheet(SHAPE, line=_line(value))
    if not isinstance(key, MappingEndEvent):
        raise BadSheet(SHAPE, line=_line(key))
    return record


def _words(events: _Events) -> Iterator[str]:
    while isinstance(word := events.next(), ScalarEvent):
        yield word.value
    if not isinstance(word, SequenceEndEvent):
        raise BadSheet(SHAPE, line=_line(word))
