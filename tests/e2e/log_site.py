"""A log served the way the log view expects it: meta, lines, search and the next line of a level."""

from dataclasses import dataclass, field

from tests.e2e.parts import framed
from tests.e2e.static_site import Answer, Asked, StaticSite, as_json


@dataclass(slots=True)
class LogSite:
    """Puts a log into a site; change `lines` or `is_live` and the page learns it on its next question."""

    site: StaticSite
    lines: list[str]
    errors: set[int] = field(default_factory=set)
    is_live: bool = False
    sgr: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Answer the page and its four questions."""
        main = '{% call log_view("/log", "Log", raw="/log/raw") %}<p>plain lines</p>{% endcall %}'
        self.site.put("/", framed(main, imports="viewers: log_view", sheets="log ansi"))
        self.site.answers |= {
            "/log/meta": self.meta, "/log/lines": self.some, "/log/search": self.search, "/log/next": self.next,
        }  # fmt: skip

    def meta(self, _asked: Asked) -> Answer:
        """Answer how long it is."""
        return as_json(
            {"lines": len(self.lines), "size": 1, "levels": {"error": len(self.errors)}, "live": self.is_live}
        )

    def some(self, asked: Asked) -> Answer:
        """Answer some lines."""
        start = int(asked.query["from"])
        lines = self.lines[start : start + int(asked.query["count"])]
        levels = ["error" if start + at in self.errors else "" for at in range(len(lines))]
        return as_json({"from": start, "lines": lines, "levels": levels, "sgr": self.sgr.get(start, "")})

    def search(self, asked: Asked) -> Answer:
        """Answer the next three hits and how many there are."""
        hits = [at for at, line in enumerate(self.lines) if asked.query["q"].lower() in line.lower()]
        rest = [at for at in hits if at >= int(asked.query["from"])]
        return as_json({"lines": rest[:3], "total": len(hits), "more": len(rest) > 3})

    def next(self, asked: Asked) -> Answer:
        """Answer the next line of a level."""
        start, is_down = int(asked.query["from"]), asked.query["dir"] == "1"
        rest = [at for at in self.errors if (at >= start if is_down else at <= start)]
        return as_json({"line": (min(rest) if is_down else max(rest)) if rest else None})
