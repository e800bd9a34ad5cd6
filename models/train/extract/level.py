"""Makes the rows of a page level: one that is tilted, seen at an angle, or slightly bent.

The slope of the lines is fitted as a plane over the page, and points are moved along the curves through it. The Rust side is
`models/src/extract/level.rs`, which says why, in the same arithmetic.
"""

import math

ENOUGH = 6         # lines that it takes to fit more than one slope
RIDGE = 0.002      # how strongly a slope that changes is held to be none; in shares of the weight of all lines
ROUNDS = 5         # of reweighting
TOLERANCE = 0.003  # slopes that differ by less are never outliers


def median(values):
    """The middle value; of two middle values their mean. 0 for none."""
    if not values:
        return 0.0
    v = sorted(values)
    n = len(v)
    return v[n // 2] if n % 2 else (v[n // 2 - 1] + v[n // 2]) / 2


def sides(quad):
    """Run and rise of the upper edge of a line that is clearly longer than high and not steep, and its weight; or None."""
    (ax, ay), (bx, by), _, (dx, dy) = quad
    run, rise = bx - ax, by - ay
    side = math.sqrt((dx - ax) * (dx - ax) + (dy - ay) * (dy - ay))
    return (run, rise, run * run) if run > 3.0 * side and abs(rise) <= run else None


class Level:
    """How a page of these lines is made level; a quad is 4 corners clockwise from the text's top left."""

    def __init__(self, quads):
        slope = median([rise / run for run, rise, _ in filter(None, map(sides, quads))])
        norm = math.sqrt(1 + slope * slope)
        self.along = (1 / norm, slope / norm)
        turned = [[self._turn(p) for p in quad] for quad in quads]
        xs, ys = [x for quad in turned for x, _ in quad], [y for quad in turned for _, y in quad]
        self.slope = (0.0, 0.0, 0.0)
        if not quads:
            self.middle, self.half_width = (0.0, 0.0), 0.5
            return
        self.middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        self.half_width = max((max(xs) - min(xs)) / 2, 0.5)
        witnesses = [w for w in map(self._witness, turned) if w]
        if len(witnesses) >= ENOUGH:
            self.slope = fit(witnesses)

    def bounds(self, quad):
        """Left, top, right and bottom edge of a line on the level page."""
        points = [self._level(self._turn(p)) for p in quad]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return min(xs), min(ys), max(xs), max(ys)

    def _turn(self, point):
        (x, y), (ux, uy) = point, self.along
        return x * ux + y * uy, y * ux - x * uy

    def _place(self, point):
        return (point[0] - self.middle[0]) / self.half_width, (point[1] - self.middle[1]) / self.half_width

    def _level(self, point):
        u, v = self._place(point)
        middle, right, down = self.slope
        return point[0], point[1] - self.half_width * u * (middle + right * u / 2 + down * v)

    def _witness(self, quad):
        of = sides(quad)
        if of is None:
            return None
        run, rise, weight = of
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
        below = (cy - dy) / max(cx - dx, 1e-6)
        u, v = self._place(((ax + bx + cx + dx) / 4, (ay + by + cy + dy) / 4))
        return (1.0, u, v), (rise / run + below) / 2, weight


def fit(witnesses):
    """Coefficients of the slope from `(place, slope, weight)`."""
    coefficients, trust = (0.0, 0.0, 0.0), [1.0] * len(witnesses)
    for _ in range(ROUNDS):
        matrix, right, total = [[0.0] * 3 for _ in range(3)], [0.0] * 3, 0.0
        for (at, slope, weight), t in zip(witnesses, trust):
            weight *= t
            total += weight
            for i in range(3):
                right[i] += weight * at[i] * slope
                for j in range(3):
                    matrix[i][j] += weight * at[i] * at[j]
        matrix[1][1] += RIDGE * total
        matrix[2][2] += RIDGE * total
        solved = solve(matrix, right)
        if solved is None:
            return 0.0, 0.0, 0.0
        coefficients = solved
        off = [abs(sum(a * c for a, c in zip(at, coefficients)) - slope) for at, slope, _ in witnesses]
        usual = max(1.5 * 1.48 * median(off), TOLERANCE)
        trust = [(usual / max(o, usual)) ** 2 for o in off]
    return coefficients


def solve(matrix, right):
    """Cramer's rule; None where the matrix has no inverse."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    p, q, r = right
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if whole == 0:
        return None
    first = p * (e * i - f * h) - b * (q * i - f * r) + c * (q * h - e * r)
    second = a * (q * i - f * r) - p * (d * i - f * g) + c * (d * r - q * g)
    third = a * (e * r - q * h) - b * (d * r - q * g) + p * (d * h - e * g)
    return first / whole, second / whole, third / whole
