"""Reading order: lines to rows from top to bottom, each from left to right.

Mirrored in `models/src/extract/order.rs`. The page is first turned by the
median slope of its lines, so that rows of a tilted photo stay together.
"""

import math
from dataclasses import dataclass


@dataclass
class Line:
    """A recognised line: its text, its number on the page and its upright box."""

    text: str
    number: int
    x0: float
    y0: float
    x1: float
    y1: float
    row: int = 0

    @property
    def centre(self):
        return (self.y0 + self.y1) / 2

    @property
    def height(self):
        return self.y1 - self.y0


def median(values):
    """The middle value; of two middle values their mean. 0 for none."""
    if not values:
        return 0.0
    v = sorted(values)
    n = len(v)
    return v[n // 2] if n % 2 else (v[n // 2 - 1] + v[n // 2]) / 2


def page_slope(quads):
    """Median slope of the upper edges of lines that are clearly longer than high; at most 1 in size."""
    slopes = []
    for (ax, ay), (bx, by), _, (dx, dy) in quads:
        run, rise = bx - ax, by - ay
        if run > 3 * math.sqrt((dx - ax) ** 2 + (dy - ay) ** 2) and abs(rise) <= run:
            slopes.append(rise / run)
    return median(slopes)


def read_order(page):
    """`page`: list of (quad, text), a quad being 4 corners clockwise from the text's top left.

    Returns the lines that hold text as `Line`s in reading order, with rows numbered from 0.
    """
    slope = page_slope([q for q, _ in page])
    norm = math.sqrt(1 + slope * slope)
    ux, uy = 1 / norm, slope / norm
    lines = []
    for number, (quad, text) in enumerate(page):
        if not text.strip():
            continue
        xs = [x * ux + y * uy for x, y in quad]
        ys = [y * ux - x * uy for x, y in quad]
        lines.append(Line(text, number, min(xs), min(ys), max(xs), max(ys)))
    lines.sort(key=lambda l: (l.centre, l.number))
    rows = []  # (members, mean centre, mean height)
    for line in lines:
        home = None
        for row in rows[-4:]:
            members, centre, height = row
            if abs(line.centre - centre) < 0.5 * min(line.height, height) and all(not _stacked(line, m) for m in members):
                home = row
        if home is None:
            rows.append([[line], line.centre, line.height])
        else:
            home[0].append(line)
            n = len(home[0])
            home[1] = sum(m.centre for m in home[0]) / n
            home[2] = sum(m.height for m in home[0]) / n
    out = []
    for number, (members, _, _) in enumerate(rows):
        for line in sorted(members, key=lambda l: (l.x0, l.number)):
            line.row = number
            out.append(line)
    return out


def _stacked(a, b):
    """Whether two lines share too much of their width to stand beside each other."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) >= 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)
