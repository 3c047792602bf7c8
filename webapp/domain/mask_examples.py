"""What do the built-in masks hide? An example of each, for people."""

from webapp.diff.masks import hidden_parts
from webapp.domain.signatures import Part

EXAMPLES: dict[str, str] = {
    "timestamp": "2026-11-22T15:04:01Z link up",
    "date": "backup of 2026-11-22 found",
    "time": "done at 15:04:01",
    "uptime": "router uptime is 2 weeks, 3 days",
    "duration": "copied in 3.2 s",
    "pid": "sshd[4711]: session opened",
    "counter": "step [3/10], 1234 packets",
    "uuid": "job 550e8400-e29b-41d4-a716-446655440000 queued",
    "mac": "learned 00:1b:44:11:3a:b7 on vlan 10",
    "hash": "image 0123456789abcdef0123456789abcdef verified",
    "hex": "object at 0x7fff12",
}


def show_example(name: str) -> list[Part]:
    """Return the example of a mask, cut where something is hidden."""
    line = EXAMPLES[name].encode()
    parts: list[Part] = []
    place = 0
    for _, start, end in hidden_parts(line):
        parts += (Part(line[place:start].decode(), is_variable=False), Part(line[start:end].decode(), is_variable=True))
        place = end
    return [part for part in (*parts, Part(line[place:].decode(), is_variable=False)) if part.text]
