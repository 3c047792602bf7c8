"""How does the time of a comparison grow with its length: a picture of what was measured, for docs/pictures."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

Points = Sequence[tuple[int, float]]  # lines, seconds

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 20, 44
COLOURS = ("#2f6fdd", "#0e8a5f", "#8a8f98", "#b9770e")
INK, LINE = "#6b7280", "#9ca3af"


def draw(curves: Mapping[str, Points]) -> str:
    """Draw curves by name on logarithmic axes; grey and these colours can be read on white and on black."""
    points = [point for curve in curves.values() for point in curve]
    x_low, x_high = (math.log10(find(size for size, _ in points)) for find in (min, max))
    y_low = math.floor(math.log10(min(seconds for _, seconds in points)))
    y_high = math.ceil(math.log10(max(seconds for _, seconds in points)))

    def at(size: float, seconds: float) -> tuple[float, float]:
        across = (math.log10(size) - x_low) / (x_high - x_low)
        up = (math.log10(seconds) - y_low) / (y_high - y_low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="12">',
        "<title>CPU time by number of lines</title>",
    ]
    for power in range(y_low, y_high + 1):
        _, y = at(10**x_low, 10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}" stroke="{LINE}" stroke-opacity=".4"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end" fill="{INK}">{seconds_text(power)}</text>'
        )
    for power in range(math.ceil(x_low), math.floor(x_high) + 1):
        x, _ = at(10.0**power, 10.0**y_low)
        parts.append(f'<path d="M{x:.0f} {TOP}V{HEIGHT - BOTTOM}" stroke="{LINE}" stroke-opacity=".4"/>')
        parts.append(
            f'<text x="{x:.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{INK}">{10**power:,}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle" fill="{INK}">lines a side</text>')
    labels = spread({name: at(*curve[-1])[1] for name, curve in curves.items()})
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        places = [at(*point) for point in curve]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{labels[name] + 4:.0f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def spread(heights: Mapping[str, float]) -> dict[str, float]:
    """Move labels apart that would lie on each other."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name, y in sorted(heights.items(), key=lambda each: each[1]):
        last = max(y, last + 16)
        placed[name] = last
    return placed


def seconds_text(power: int) -> str:
    """Write a power of ten seconds."""
    if power < 0:
        return f"{10 ** (power + 3):g} ms"
    return f"{10**power:g} s"


def write_curves(path: Path, curves: Mapping[str, Points]) -> None:
    """Write the picture, unless there is not enough to draw."""
    if all(len(curve) > 1 for curve in curves.values()):
        path.write_text(draw(curves), encoding="utf-8")
