"""Puts the labels of printed lines onto the lines that a recogniser read.

The printed lines and their labels come from the synthesiser's manifest, the
read ones from a recogniser's report over the rendered page. Lines are matched
by place, characters by alignment, so that a label covers the misread
characters of its value as well.
"""

import math

from rapidfuzz.distance import Levenshtein

NEAR = 0.6      # of a line's height: how far the middles of two pieces of one line may be apart
LEAST = 0.6     # share of a label's characters that has to be found


def project(printed, read):
    """`printed`: lines with `quad`, `text`, `labels`; `read`: (quad, text). Gives read lines in the form of printed ones."""
    return [{"quad": quad, "text": text, "labels": labels(quad, text, printed)} for quad, text in read]


def labels(quad, text, printed):
    """The labels of one read line."""
    there = sorted((place, number) for number, line in enumerate(printed) for place in [along(quad, line["quad"])] if place is not None)
    joined, marks = "", []
    for _, number in there:
        line = printed[number]
        joined += " " if joined else ""
        marks += [(label, len(joined) + label["start"], len(joined) + label["end"]) for label in line.get("labels") or []]
        joined += line["text"]
    if not marks:
        return []
    to = {}
    for op in Levenshtein.opcodes(joined.casefold(), text.casefold()) if len(joined.casefold()) == len(joined) and len(text.casefold()) == len(text) else Levenshtein.opcodes(joined, text):
        if op.tag in ("equal", "replace"):
            to.update(zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)))
    out = []
    for label, start, end in marks:
        found = [to[i] for i in range(start, end) if i in to]
        # A long value may go on in another read line.
        whole = sum(c != " " for c in joined[start:end])
        if found and (len(found) >= LEAST * whole or (label["field"] in SPLITTABLE or label["field"].endswith("_description")) and len(found) >= 3):
            out.append({**label, "start": min(found), "end": max(found) + 1})
    return out


SPLITTABLE = ("merchant_name", "merchant_address", "payment_method")


def along(quad, other):
    """Where the middle of `other` stands along the line `quad`, in pixels; None where it stands above, below or beside it."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    left, right = ((ax + dx) / 2, (ay + dy) / 2), ((bx + cx) / 2, (by + cy) / 2)
    length = math.hypot(right[0] - left[0], right[1] - left[1])
    height = math.hypot(dx - ax, dy - ay)
    if length < 1:
        return None
    ux, uy = (right[0] - left[0]) / length, (right[1] - left[1]) / length
    inside = lambda x, y: (x - left[0]) * ux + (y - left[1]) * uy
    across = lambda x, y: (y - left[1]) * ux - (x - left[0]) * uy
    places = [inside(x, y) for x, y in other]
    middle = sum(across(x, y) for x, y in other) / 4
    overlap = min(max(places), length) - max(min(places), 0)
    if abs(middle) > NEAR * height or overlap < 0.3 * min(length, max(places) - min(places)):
        return None
    return sum(places) / 4
