"""Reading order: lines to rows from top to bottom, each from left to right.

Mirrored in `models/src/extract/order.rs`. The page is first made level, so that
rows of a photo taken at an angle stay together.
"""

from dataclasses import dataclass

from .level import Level


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


def read_order(page):
    """`page`: list of (quad, text), a quad being 4 corners clockwise from the text's top left.

    Returns the lines that hold text as `Line`s in reading order, with rows numbered from 0.
    """
    level = Level([quad for quad, _ in page])
    lines = [Line(text, number, *level.bounds(quad)) for number, (quad, text) in enumerate(page) if text.strip()]
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
