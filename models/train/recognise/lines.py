"""Lines to learn from: pixels cut out of pages by quads, with their text.

A line is kept as grey pixels, 64 high: the 48 rows that the network sees and 8 more on every side, so that training can
move the box. SROIE's texts are in capitals whatever the print, so their case is taken from a reading of the same lines;
where reading and truth have little in common, one of them is wrong and the line is left out.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from .classes import decode, encode, least_steps

HEIGHT, MARGIN = 48, 8
STEP = 8             # columns of pixels to a step of the network
NARROWEST, WIDEST = 96, 2560
DISAGREEMENT = 0.4   # share of characters in which truth and reading may differ


@dataclass
class Line:
    """`pixels` is `[64][width + 16]`, u8; `labels` are class indices; `source` tells the corpus."""

    pixels: np.ndarray
    labels: list
    text: str
    source: str

    @property
    def width(self):
        return self.pixels.shape[1] - 2 * MARGIN


def cut(page, quad, characters):
    """The line inside `quad` (four corners from the text's top left) with its margin; None where it is no line.

    A tall box holds a narrow character or two; with more, it is a line that runs from top to bottom."""
    q = np.asarray(quad, np.float32)
    across = (np.linalg.norm(q[1] - q[0]) + np.linalg.norm(q[2] - q[3])) / 2
    down = (np.linalg.norm(q[3] - q[0]) + np.linalg.norm(q[2] - q[1])) / 2
    if across < 2 or down < 4 or down > 1.5 * across and characters > 2:
        return None
    width = int(np.ceil(HEIGHT * across / down / STEP)) * STEP
    if not STEP <= width <= WIDEST:
        return None
    samples = int(np.clip(round(down / HEIGHT), 1, 4))  # one sample a pixel would lose strokes of large print
    m, w, h = MARGIN * samples, width * samples, HEIGHT * samples
    to = np.float32([[m, m], [m + w, m], [m + w, m + h], [m, m + h]])
    place = cv2.getPerspectiveTransform(q, to)
    size = (w + 2 * m, h + 2 * m)
    line = cv2.warpPerspective(page, place, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return line if samples == 1 else cv2.resize(line, (width + 2 * MARGIN, HEIGHT + 2 * MARGIN), interpolation=cv2.INTER_AREA)


def with_case(truth, reading):
    """`truth`, which is in capitals, in the case in which `reading` has the same letters."""
    out, lower = list(truth), [None] * len(truth)
    # ß alone grows when it becomes capital, and places would no longer agree.
    for op in Levenshtein.opcodes(*(text.replace("ß", "ẞ").upper() for text in (truth, reading))):
        if op.tag == "equal":
            for a, b in zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)):
                if truth[a].isalpha() and truth[a].upper() == reading[b].upper():
                    out[a], lower[a] = reading[b], reading[b].islower()
    for i, c in enumerate(truth):
        if c.isalpha() and lower[i] is None:  # letters that the reader got wrong: as their neighbours
            near = next((lower[j] for j in (i + 1, i - 1, i + 2, i - 2) if 0 <= j < len(truth) and lower[j] is not None), False)
            out[i] = c.lower() if near else c
    return "".join(out)


def agree(truth, reading):
    a, b = truth.upper().replace(" ", ""), reading.upper().replace(" ", "")
    return len(a) <= 2 or Levenshtein.distance(a, b) <= DISAGREEMENT * max(len(a), len(b))


def page_lines(path, wanted, source):
    """Cuts `[(quad, text)]` out of the picture at `path`."""
    page = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    out = []
    for quad, text in wanted if page is not None else []:
        labels = encode(text)
        if not labels:
            continue
        pixels = cut(page, quad, len(labels))
        if pixels is not None and least_steps(labels) <= max(NARROWEST, pixels.shape[1] - 2 * MARGIN) // STEP:
            out.append(Line(pixels, labels, decode_labels(labels), source))
    return out


def decode_labels(labels):
    """The text as the network can say it: repetitions are no artefact here."""
    spaced = [i for label in labels for i in (label, 0)]
    return decode(spaced)


def load(jobs):
    """Lines of `[(path, wanted, source)]`, in order."""
    with ThreadPoolExecutor(2) as pool:
        return [line for lines in pool.map(lambda job: page_lines(*job), jobs) for line in lines]


def sroie_jobs(sroie, ids, readings, detected):
    """Truth boxes of the receipts `ids`, and the boxes of a detector that hold one truth line each."""
    jobs = []
    for i in ids:
        wanted = []
        for n, (quad, text) in enumerate(sroie.truth_page(i)):
            reading = readings.get((i, n))
            if reading is None:
                wanted.append((quad, text))
            elif agree(text, reading):
                wanted.append((quad, with_case(text, reading)))
        wanted += [(quad, text) for quad in detected.get(i, []) for text in [only_line(quad, wanted)] if text]
        jobs.append((sroie.root / "img" / f"{i}.jpg", wanted, "sroie"))
    return jobs


def only_line(quad, lines):
    """The text of the one line that has the extent of `quad`, if there is one."""
    box = bounds(quad)
    width, found = box[2] - box[0], None
    for other, text in lines:
        b = bounds(other)
        across = min(box[2], b[2]) - max(box[0], b[0])
        down = min(box[3], b[3]) - max(box[1], b[1])
        if across <= 0 or down <= 0.3 * min(b[3] - b[1], box[3] - box[1]):
            continue
        same = abs(b[0] - box[0]) + abs(b[2] - box[2]) < 0.6 * (b[3] - b[1]) and down > 0.6 * (b[3] - b[1])
        if found or not same and across > 0.02 * width:
            return None
        found = text if same else found
    return found


def bounds(quad):
    xs, ys = [p[0] for p in quad], [p[1] for p in quad]
    return min(xs), min(ys), max(xs), max(ys)


def readings_of(path):
    """`{(id, line): text}` of the file that `slipstream eval lines --readings` writes."""
    rows = map(json.loads, open(path, encoding="utf-8")) if path else []
    return {(r["id"], r["line"]): r["text"] for r in rows}


def manifest_jobs(folder, limit=None):
    """The lines of a synthesiser's manifest with images."""
    folder, jobs = Path(folder), []
    with open(folder / "manifest.jsonl", encoding="utf-8") as rows:
        for row in rows:
            if limit is not None and len(jobs) >= limit:
                break
            record = json.loads(row)
            corners = lambda b: [(b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3])]
            wanted = [(line.get("quad") or corners(line["box"]), line["text"]) for line in record["lines"]]
            jobs.append((folder / "images" / record["image"], wanted, record["language"]))
    return jobs
