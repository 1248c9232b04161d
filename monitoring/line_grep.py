"""Finds lines by a pattern, in a process of its own that can be ended.

A regular expression may take longer than the universe lasts, and Python cannot interrupt one: so
whoever searches starts this file as a program, hands it texts without secrets, and kills it when
the time is up. It imports nothing of ours and reads nothing but its standard input.
"""

import json
import re
import resource
import sys

# What a line is looked at; no platform writes longer statements.
LONGEST_LINE = 2000
MOST_MEMORY = 1024 * 1024 * 1024
MOST_CPU_SECONDS = 30


def found(pattern: str, texts: list[str], most: int) -> list[list[int]]:
    """For each text the numbers of the lines that fit, from 1, `most` at most."""
    fits = re.compile(pattern, re.IGNORECASE).search
    results = []
    for text in texts:
        lines: list[int] = []
        for number, line in enumerate(text.split("\n"), start=1):
            if len(lines) < most and fits(line[:LONGEST_LINE]):
                lines.append(number)
        results.append(lines)
    return results


def main() -> None:
    """Answer one question: JSON comes in, JSON goes out."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    asked = json.load(sys.stdin)
    json.dump(found(asked["pattern"], asked["texts"], asked["most"]), sys.stdout)


if __name__ == "__main__":
    main()
