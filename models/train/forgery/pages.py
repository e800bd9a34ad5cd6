"""Receipts to forge, with the places of their characters.

SROIE's receipts are split by company as everywhere in this project (`extract.data.Sroie.split`); rendered ones by
typeface. A page's characters are the ink between gaps of a line: no reader is needed, and where their number agrees
with the transcript it is also known what they say.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from extract.data import Sroie, quad_of

MIN_GLYPH = (3, 8)  # pixels, width and height: less is a speck or a dot


@dataclass
class Glyph:
    """A character (or some that touch): its box (left, top, right, bottom) and what it says, '' where that is not known."""

    box: tuple
    text: str = ""


@dataclass
class Page:
    """`image` is blue-green-red, 8 bits; `lines` hold glyphs from left to right."""

    id: str
    image: np.ndarray
    lines: list = field(default_factory=list)


def glyphs_of(grey, box, text):
    """The characters of a line that stands in `box`."""
    height, width = grey.shape
    left, top, right, bottom = max(0, int(box[0])), max(0, int(box[1])), min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if right - left < 8 or bottom - top < 8:
        return []
    part = grey[top:bottom, left:right]
    limit, _ = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = part < limit
    columns = np.concatenate(([False], ink.any(0), [False]))
    starts, ends = np.flatnonzero(~columns[:-1] & columns[1:]), np.flatnonzero(columns[:-1] & ~columns[1:])
    found = []
    for start, end in zip(starts, ends):
        rows = np.flatnonzero(ink[:, start:end].any(1))
        found.append(Glyph((left + int(start), top + int(rows[0]), left + int(end), top + int(rows[-1]) + 1)))
    letters = text.replace(" ", "")
    if len(letters) == len(found):
        for glyph, letter in zip(found, letters):
            glyph.text = letter
    # Runs that touch are wider than any letter; specks and lines are no characters.
    tall = bottom - top
    fits = lambda w, h: MIN_GLYPH[0] <= w <= 2 * tall and MIN_GLYPH[1] <= h
    return [g for g in found if fits(g.box[2] - g.box[0], g.box[3] - g.box[1])]


def page_of(id, path, rows):
    """A page from its image and (quad, text) of its lines."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} is not an image")
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    page = Page(id, image)
    for quad, text in rows:
        points = np.array(quad, float)
        (left, top), (right, bottom) = points.min(0), points.max(0)
        # A line that leans has neighbours in its box; what is cut there would be no characters.
        if abs(points[1][1] - points[0][1]) < 0.35 * (bottom - top):
            glyphs = glyphs_of(grey, (left, top, right, bottom), text)
            if glyphs:
                page.lines.append(glyphs)
    return page


def sroie_pages(sroie, ids):
    pages = (page_of(i, sroie.root / "img" / f"{i}.jpg", sroie.truth_page(i)) for i in ids)
    return [page for page in pages if page.lines]


def rendered_pages(folder):
    """Pages of `slipstream-training-data synthesise`."""
    folder, pages = Path(folder), []
    for row in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(row)
        rows = [(quad_of(line), line["text"]) for line in record["lines"]]
        pages.append(page_of(record["id"], folder / "images" / Path(record["image"]).name, rows))
    return [page for page in pages if page.lines]


def split(root, never, edits):
    """SROIE, its training ids and its validating ids; training leaves out the ids of the files `never` and all that `edits` lists."""
    sroie = Sroie(root)
    out = {i for path in never for i in Path(path).read_text().split()}
    out |= {json.loads(row)["receipt"] for row in Path(edits).read_text(encoding="utf-8").splitlines()}
    training, validation = sroie.split(out)
    return sroie, training, validation
