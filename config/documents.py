"""Reads the YAML files that operators edit. An error names file, line and key."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from config.errors import Invalid

HOME = Path(__file__).parent

Model = TypeVar("Model", bound=BaseModel)


class BadDocument(Invalid):
    """A configuration file does not say what it should; correct the line named."""


class _Lines(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, and names the line of what is no value."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        """The value of a node; 30 February and a list as a key are problems with a line."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError, OverflowError) as wrong:
            raise yaml.constructor.ConstructorError(
                None, None, f"cannot be read: {wrong}"[:200], node.start_mark
            ) from wrong


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_text(path: Path) -> str:
    """The file as UTF-8 text (a byte-order mark is dropped); other encodings are refused."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadDocument(
            f"{path}: byte {wrong.start} is not UTF-8; save the file as UTF-8 and try again"
        ) from wrong
    except OSError as missing:
        raise BadDocument(f"{path}: {missing.strerror}") from missing


def parse(text: str, name: str) -> tuple[Any, yaml.Node | None]:
    """The values of one YAML text and the node tree that knows their lines."""
    try:
        node = yaml.compose(text, Loader=_Lines)
        return yaml.load(text, Loader=_Lines), node  # noqa: S506  # _Lines is a SafeLoader
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = mark.line + 1 if mark else 1
        problem = wrong.problem or "not YAML"
        if "\\t" in problem:
            problem = "a tab stands where spaces should indent"
        raise BadDocument(f"{name}, line {line}: {problem}", line=line) from wrong
    except yaml.YAMLError as wrong:
        raise BadDocument(f"{name}: {wrong}") from wrong
    except RecursionError as wrong:
        raise BadDocument(f"{name}: too deeply nested to be read") from wrong


def line_of(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """The 1-based line where the value at `path` stands, or the nearest line above it."""
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(step)]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                return line
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def problems(wrong: ValidationError, node: yaml.Node | None, name: str) -> list[str]:
    """One sentence an error: file, line, key, and what is expected there."""
    return [
        f"{name}, line {line_of(node, e['loc'])}, {'.'.join(map(str, e['loc'])) or 'document'}: "
        f"{e['msg']}"
        for e in wrong.errors()
    ]


def read(path: Path, model: type[Model]) -> Model:
    """One YAML file as `model`; raises BadDocument with every error, each with its line."""
    values, node = parse(read_text(path), str(path))
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        raise BadDocument("\n".join(problems(wrong, node, str(path)))) from wrong


def read_folder(folder: Path, model: type[Model]) -> list[Model]:
    """Every `*.yml` of a folder, in name order."""
    return [read(path, model) for path in sorted(folder.glob("*.yml"))]
