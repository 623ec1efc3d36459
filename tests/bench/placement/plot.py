"""One SVG: the certified gap against processor seconds, both logarithmic, a line a shape and a dot an effort."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 520, 64, 150, 46, 52
COLOURS = ["#1b6ca8", "#c8553d", "#4d8b31", "#7a4fa3", "#b8860b", "#555555", "#2a9d8f", "#a3386c"]


def decades(values):
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


class Axis:
    def __init__(self, values, start, end):
        self.low, self.high = decades(values)
        self.start, self.end = start, end

    def at(self, value):
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def curve(points, x, y, colour, name):
    places = [(x.at(p["cpu"]), y.at(p["gap"])) for p in points]
    parts = [f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
             + " ".join(f"{a:.1f},{b:.1f}" for a, b in places) + '"/>']
    for point, (a, b) in zip(points, places):
        parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"><title>{escape(name)}, effort '
                     f'{point["effort"]}: {point["gap"]:.2f} % in {point["cpu"]:.3f} s</title></circle>')
        parts.append(text(a, b - 7, str(point["effort"]), extra='font-size="9" fill="#777"'))
    return parts


def svg(curves, title):
    """curves: {name: [{effort, cpu, gap}]}, gaps and seconds above 0."""
    points = [point for line in curves.values() for point in line]
    x = Axis([p["cpu"] for p in points], LEFT, WIDTH - RIGHT)
    y = Axis([p["gap"] for p in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
             f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 24, title, "start", 'font-size="15"')]
    for value in x.ticks():
        parts.append(f'<path d="M{x.at(value):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(text(x.at(value), HEIGHT - BOTTOM + 18, f"{value:g} s"))
    for value in y.ticks():
        parts.append(f'<path d="M{LEFT} {y.at(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, y.at(value) + 4, f"{value:g} %", "end"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "processor seconds (the dots' numbers are the effort)"))
    for place, (name, line) in enumerate(curves.items()):
        colour = COLOURS[place % len(COLOURS)]
        parts += curve(line, x, y, colour, name)
        parts.append(text(WIDTH - RIGHT + 14, TOP + 14 + 18 * place, name, "start", f'fill="{colour}"'))
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(path, curves, title):
    curves = {name: [p for p in line if p["cpu"] > 0 and p["gap"] > 0] for name, line in curves.items()}
    curves = {name: line for name, line in curves.items() if line}
    if curves:
        with open(path, "w", encoding="utf-8") as out:
            out.write(svg(curves, title))
