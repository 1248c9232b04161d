"""A folder of rules is looked over before it judges anything: what is wrong is named by rule."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitoring import rule_check, rules
from monitoring.rules import Result
from portal.cli.policies import policies

RULE = """\
rules:
  - id: X01
    title: {vi: "Không có dòng a", en: "No line a"}
    reason: {vi: "Vì a", en: "because of a"}
    severity: low
    platforms: [cisco_ios]
    evidence: config
    condition:
      absent: '^a$'
    cure: {vi: "Xoá a", en: "Remove a"}
"""
EXAMPLES = """\
examples:
  X01:
    - finding: pass
      text: |
        hostname SW1
    - finding: fail
      text: |
        hostname SW1
        a
"""


def written(folder: Path, rule: str = RULE, examples: str = EXAMPLES) -> Path:
    """A folder of rules and their examples."""
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    (folder / "own.yml").write_text(rule, "utf-8")
    (folder / "examples" / "own.yml").write_text(examples, "utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    return [str(fault).replace(f"{folder}/", "") for fault in rule_check.check(folder).faults]


def test_everything_shipped_comes_out_as_its_examples_say() -> None:
    found = rule_check.check()
    assert [str(fault) for fault in found.faults] == []
    assert len(found.rules) >= 50
    assert sum(map(len, found.examples.values())) >= 200


def test_an_own_rule_with_its_examples_is_sound(tmp_path: Path) -> None:
    assert faults(written(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("cisco_ios", "commodore"), "own.yml: X01: unknown platforms: commodore"),
        (('"No line a"', '"Không có dòng a"'), "X01: title is not given in both languages"),
        (("en: ", "de: "), "own.yml, line 3, rules.0.title.en: Field required"),
        (("'^a$'", "'a$'"), "X01: begin the pattern with ^, or it fits descriptions as well: a$"),
        (("evidence: config", "evidence: sshd"), "X01: evidence is sshd, but no condition on"),
        (("'^a$'", "'^b$'"), "X01: example 2: cisco_ios comes out as pass, not fail"),
        (("'^a$'", "'^hostname'"), "example 1: cisco_ios comes out as fail, not pass: because"),
        (("[cisco_ios]", "[cisco_ios, linux]"), "X01: example 1: linux comes out as unknown"),
        (("severity: low", "severity: bad"), "own.yml, line 5, rules.0.severity"),
    ],
)
def test_a_mistake_in_a_rule_is_named(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    assert complaint in "\n".join(faults(written(tmp_path, RULE.replace(*change))))


@pytest.mark.parametrize(
    ("examples", "complaint"),
    [
        ("examples: {}\n", "own.yml: X01: no example shows what passes and what fails"),
        (EXAMPLES.partition("    - finding: fail")[0], "X01: no example of fail on cisco_ios"),
        (EXAMPLES.replace("X01", "X02"), "examples/own.yml: X02: there is no rule of this id"),
        (
            EXAMPLES.replace("finding: fail", "finding: fail\n      platforms: [linux]"),
            "examples/own.yml: X01: example 2: the rule does not speak of linux",
        ),
        ("examples:\n  X01:\n    - finding: pass\n", "give one of text, listens"),
        ("examples:\n  X01:\n    - finding: waived\n      text: a\n", "line 3, examples.X01"),
        ("examples: [\n", "examples/own.yml, line"),
    ],
)
def test_a_mistake_in_the_examples_is_named(tmp_path: Path, examples: str, complaint: str) -> None:
    assert complaint in "\n".join(faults(written(tmp_path, examples=examples)))


def test_a_rule_given_twice_is_named_with_both_files(tmp_path: Path) -> None:
    written(tmp_path)
    shutil.copy(tmp_path / "own.yml", tmp_path / "second.yml")
    [fault] = faults(tmp_path)
    assert fault.startswith("second.yml: X01: the id is given in ")
    assert fault.endswith("own.yml already")


def test_an_instead_for_a_strange_platform_is_refused(tmp_path: Path) -> None:
    instead = "    instead: {linux: {condition: {banner: motd}}}\n"
    text = "\n".join(faults(written(tmp_path, RULE + instead)))
    assert "instead names linux, platforms does not" in text


def test_a_broken_file_hides_no_mistake_in_another(tmp_path: Path) -> None:
    written(tmp_path, RULE.replace("cisco_ios", "commodore"))
    (tmp_path / "broken.yml").write_text("rules: [", "utf-8")
    text = "\n".join(faults(tmp_path))
    assert "broken.yml, line 1" in text
    assert "unknown platforms" in text


def test_an_empty_folder_is_no_good_folder(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"{tmp_path}: there is no rule here"]


def test_the_command_exits_with_one_and_names_file_and_rule(tmp_path: Path) -> None:
    command = CliRunner()
    sound = command.invoke(policies, ["check", str(written(tmp_path))])
    assert (sound.exit_code, sound.stdout) == (0, "1 rules, 2 examples: all as said.\n")
    written(tmp_path, RULE.replace("'^a$'", "'^b$'"))
    broken = command.invoke(policies, ["check", str(tmp_path)])
    assert broken.exit_code == 1
    assert f"{tmp_path}/examples/own.yml: X01: example 2" in broken.stderr
    assert command.invoke(policies, ["check", str(tmp_path / "nowhere")]).exit_code == 2


def test_the_command_lists_every_rule() -> None:
    listed = CliRunner().invoke(policies, ["list"])
    assert listed.exit_code == 0
    assert listed.stdout.count("\n") == len(rules.load())


def test_a_rule_says_what_is_typed_on_each_platform() -> None:
    shipped = {rule.id: rule for rule in rules.load()}
    assert shipped["N17"].typed_on("juniper_junos") == ("set system ntp server ADDRESS",)
    assert shipped["N17"].typed_on("cisco_ios") == ("ntp server ADDRESS",)
    assert Result.WAIVED not in {
        example.finding for each in rule_check.check().examples.values() for example in each
    }
