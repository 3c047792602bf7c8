"""What must hold for every text file: it names no place of one person's machine, and leaves nothing for later."""

import re

# Absolute places that exist on one machine alone, and folders beside the work tree.
MACHINE_PATH = re.compile(r"(?<![\w.:/-])(?:/(?:work|root)/|/home/\w|/Users/\w|[A-Z]:\\Users\\)|(?<![\w/])\.\./shared/")
LATER = re.compile(r"(?:#|//|/\*|<!--|{#)\s*(?:TODO|FIXME|XXX|HACK)\b")


def machine_paths(text: str) -> list[str]:
    """Name the lines with a path of one machine."""
    return _lines(text, MACHINE_PATH, "a path of one machine")


def left_for_later(text: str) -> list[str]:
    """Name the lines that promise to be finished some day."""
    return _lines(text, LATER, "something left for later")


def _lines(text: str, pattern: re.Pattern[str], what: str) -> list[str]:
    return [
        f"line {number}: {what}: {match[0]}"
        for number, line in enumerate(text.split("\n"), 1)
        if (match := pattern.search(line))
    ]
