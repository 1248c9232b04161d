"""The house inspects itself: sizes, names, docstrings, imports, signals.

What ruff, mypy and import-linter can say they say (`make check`); here is what they cannot.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import blinker
import pytest

import billing.signals
import monitoring.signals
import rental.signals

HOME = Path(__file__).parents[2]
FLOORS = ("config", "rental", "billing", "monitoring", "portal")
SIGNALS = (rental.signals, billing.signals, monitoring.signals)

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_PARAMETERS = 5

BANNED = {"manager", "helper", "util", "utils", "handler", "process", "data", "info"}
# Word → what the glossary says instead. "check", "issue" and "block" are verbs too, and "unit" is
# ours; these are only ever the wrong noun.
SYNONYMS = {
    "bill": "Invoice",
    "buffer": "Turnaround",
    "child": "Part",
    "children": "Part",
    "client": "Unit or Member",
    "customer": "Unit or Member",
    "downtime": "Interruption or Outage",
    "fee": "Tariff, Rate or Charge",
    "item": "Resource or Line",
    "option": "Hold",
    "order": "Booking",
    "permission": "Clearance",
    "reservation": "Booking",
    "slot": "Occupancy or Period",
    "tenant": "Unit or Member",
}
ALLOWED = {
    "config.database.UtcDateTime.process_bind_param": "SQLAlchemy's name",
    "config.database.UtcDateTime.process_result_value": "SQLAlchemy's name",
    "billing.transfers.bill": "VietQR's name for the field",
    "monitoring.rules.SshdOption": "an option of sshd_config",
    "monitoring.server_conditions.sshd_option": "an option of sshd_config",
}
MANY_PARAMETERS: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Source:
    """One file of ours, read."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name."""
        parts = self.path.relative_to(HOME).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function with its dotted name."""

    name: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _read(path: Path) -> Source:
    text = path.read_text("utf-8")
    return Source(path, text, ast.parse(text))


def _sources(*folders: str) -> list[Source]:
    """Python files, without the migrations that Alembic wrote."""
    return [
        _read(path)
        for folder in folders
        for path in sorted((HOME / folder).rglob("*.py"))
        if path.parent.name not in ("versions", "node_modules")
    ]


PRODUCT = _sources(*FLOORS)
EVERYTHING = [*PRODUCT, *_sources("tests", "benchmarks", "ansible")]


def _named(source: Source) -> Iterator[Named]:
    def below(node: ast.AST, above: str) -> Iterator[Named]:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{above}.{inner.name}"
                yield Named(name, inner)
                yield from below(inner, name)
            else:
                yield from below(inner, above)

    return below(source.tree, source.module)


def _functions(source: Source) -> Iterator[Named]:
    return (n for n in _named(source) if not isinstance(n.node, ast.ClassDef))


def _words(identifier: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _is_command(named: Named) -> bool:
    """Click gives a command one parameter an option."""
    marks = [ast.unparse(mark) for mark in named.node.decorator_list]
    return any(mark.startswith(("click.", "options.")) for mark in marks)


def test_no_file_is_longer_than_a_reader_keeps_in_mind():
    lengths = {str(s.path.relative_to(HOME)): s.text.count("\n") for s in EVERYTHING}
    assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        named.name: length
        for source in EVERYTHING
        for named in _functions(source)
        if (length := (named.node.end_lineno or 0) - named.node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def _parameters(named: Named) -> list[str]:
    assert not isinstance(named.node, ast.ClassDef)
    a = named.node.args
    return [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs) if p.arg not in ("self", "cls")]


def test_no_function_takes_more_parameters_than_a_value_would_bundle():
    many = {
        named.name: _parameters(named)
        for source in PRODUCT
        for named in _functions(source)
        if len(_parameters(named)) > MOST_PARAMETERS and not _is_command(named)
    }
    assert many.keys() == MANY_PARAMETERS.keys(), many


def test_names_say_what_a_thing_is_in_the_words_of_the_glossary():
    names = {source.module for source in PRODUCT}
    names |= {named.name for source in PRODUCT for named in _named(source)}
    wrong = {
        name: bad
        for name in names
        if (bad := _words(name.rpartition(".")[2]) & (BANNED | SYNONYMS.keys()))
    }
    assert {name: bad for name, bad in wrong.items() if name not in ALLOWED} == {}
    assert ALLOWED.keys() - wrong.keys() == set(), "these need no leave any more"


def test_everything_public_says_what_it_is_for():
    silent = [source.module for source in PRODUCT if not ast.get_docstring(source.tree)]
    for source in PRODUCT:
        # A function inside a function belongs to its reader, not to callers.
        inner = {
            f"{named.name}.{each.name}"
            for named in _functions(source)
            for each in ast.walk(named.node)
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each is not named.node
        }
        silent += [
            named.name
            for named in _named(source)
            if _is_public(named.name)
            and named.name not in inner
            and not ast.get_docstring(named.node)
        ]
    assert silent == []


def test_every_import_stands_at_the_top_of_its_file():
    hidden = [
        f"{source.path.relative_to(HOME)}:{node.lineno}"
        for source in EVERYTHING
        for named in _functions(source)
        for node in ast.walk(named.node)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


@pytest.mark.parametrize("room", SIGNALS, ids=lambda room: room.__name__)
def test_every_signal_is_documented_where_it_is_defined(room):
    signals = {name for name, value in vars(room).items() if isinstance(value, blinker.Signal)}
    assert set(re.findall(r"`(\w+)\(", room.__doc__)) == signals


# Run alone: in the tests' own process others have assembled the service already.
IMPORT_ALL = """
import importlib, json, pkgutil, sys, threading
for floor in ("config", "rental", "billing", "monitoring", "portal"):
    package = importlib.import_module(floor)
    for module in pkgutil.walk_packages(package.__path__, floor + "."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
rooms = [sys.modules[f"{floor}.signals"] for floor in ("rental", "billing", "monitoring")]
signals = {n: v for room in rooms for n, v in vars(room).items() if hasattr(v, "receivers")}
print(json.dumps({
    "connected": [name for name, signal in signals.items() if signal.receivers],
    "threads": [t.name for t in threading.enumerate() if t is not threading.main_thread()],
}))
"""


def test_importing_the_house_connects_nothing_and_starts_nothing(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == {"connected": [], "threads": []}
    assert told.stderr == ""
    assert list(tmp_path.iterdir()) == []
