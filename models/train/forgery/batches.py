"""Crops of receipts, forged on the fly, as batches; the same seed and step give the same batch."""

import copy
import queue
import threading

import cv2
import numpy as np
import torch

from .edits import forge, place_of
from .pages import Glyph, Page
from .ghosts import block_features
from .planes import CELL, planes
from .treatments import jpeg, resized, treated

EDITED_SHARE = 0.25  # of a cell's pixels that makes it an edited one; cells with fewer do not count


def window(page, size, rng):
    """A part of the page with most of a line in it, cut where JPEG's blocks begin, with its glyphs."""
    line = page.lines[rng.integers(len(page.lines))]
    box = line[rng.integers(len(line))].box
    h, w = page.image.shape[:2]
    start = lambda centre, whole: int(np.clip(centre + rng.integers(-size // 3, size // 3 + 1) - size // 2, 0, max(0, whole - size))) // CELL * CELL
    left, top = start(box[0], w), start(box[1], h)
    part = page.image[top:top + size, left:left + size]
    inside = lambda b: b[0] >= left + 2 and b[1] >= top + 2 and b[2] < left + part.shape[1] - 2 and b[3] < top + part.shape[0] - 2
    moved = lambda b: (b[0] - left, b[1] - top, b[2] - left, b[3] - top)
    lines = [[Glyph(moved(g.box), g.text) for g in line if inside(g.box)] for line in page.lines]
    return Page(page.id, part, [line for line in lines if line])


def processed(page, rng, shares):
    """What happened to the picture before: saved or scaled, as the sender of a claim got it."""
    image, lines = page.image, page.lines
    if rng.random() < shares["resize"]:
        factor = rng.uniform(0.6, 1.0)
        image, _ = resized(image, np.zeros(image.shape[:2], np.uint8), factor, int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
        scaled = lambda b: tuple(round(v * factor) for v in b)
        lines = [[Glyph(scaled(g.box), g.text) for g in line] for line in lines]
    if rng.random() < shares["jpeg"]:
        image = jpeg(image, rng.integers(60, 98))
    return Page(page.id, image, lines)


def edited(page, pages, config, rng, faces, times):
    """The page's image and mask after up to `times` edits; edits of one picture are mostly of one kind, as one person makes them."""
    image, mask = page.image, np.zeros(page.image.shape[:2], np.uint8)
    names, shares = list(config), np.array(list(config.values()))
    draw = lambda: names[rng.choice(len(names), p=shares / shares.sum())]
    name = draw()
    for _ in range(times):
        place = place_of(page, rng)
        if place is None:
            break
        other = pages[rng.integers(len(pages))]
        result = forge(image, page, name, place, rng, other, faces)
        if result is not None:
            image, mask = result[0], np.maximum(mask, result[1])
        if rng.random() < 0.3:
            name = draw()
    return image, mask


def sample(pages, config, rng, faces):
    """A crop with edits and the same one without: planes, block features and cell targets (1 edited, 0 not, -1 does not count)."""
    schedule = config["schedule"]
    group = pages["rendered" if rng.random() < schedule["rendered_share"] else "sroie"]
    size = schedule["crop"]
    page = group[rng.integers(len(group))]
    # Larger than the crop: scaling shrinks it, and copies come from all around.
    page = processed(window(page, 2 * size, rng), rng, config["before"])
    focus = window(page, size + size // 2, rng) if page.lines else page
    image, mask = edited(focus, group, config["edits"], rng, faces, int(rng.integers(1, 4)))
    both = []
    for picture in (image, focus.image):
        # Equal dice: the two go the same way and differ in nothing but the edits.
        dice = copy.deepcopy(rng)
        picture, moved = treated(picture, mask, dice, config["treatments"])
        picture, moved = cut(picture, moved, size, dice)
        both.append((planes(picture), block_features(picture), targets(moved)))
    (*forged, target), (*genuine, _) = both
    rng.bit_generator.advance(1 << 20)
    return (*forged, target), (*genuine, np.where(target == 1, 0, target))


def cut(image, mask, size, rng):
    """A crop of `size`, where there is an edit mostly around one; smaller pictures are repeated at their end."""
    h, w = image.shape[:2]
    if h < size or w < size:
        pad = ((0, max(0, size - h)), (0, max(0, size - w)))
        image, mask = np.pad(image, (*pad, (0, 0)), mode="reflect"), np.pad(mask, pad, mode="reflect")
        h, w = image.shape[:2]
    ys, xs = np.nonzero(mask)
    if len(ys):
        pick = rng.integers(len(ys))
        centre = (ys[pick] + rng.integers(-size // 3, size // 3 + 1), xs[pick] + rng.integers(-size // 3, size // 3 + 1))
    else:
        centre = (rng.integers(h), rng.integers(w))
    top, left = (int(np.clip(c - size // 2, 0, whole - size)) // CELL * CELL for c, whole in zip(centre, (h, w)))
    return image[top:top + size, left:left + size], mask[top:top + size, left:left + size]


def targets(mask):
    """Cells of a mask: 1 edited, 0 not, -1 too little to count."""
    rows, columns = mask.shape[0] // CELL, mask.shape[1] // CELL
    share = (mask[:rows * CELL, :columns * CELL] > 127).reshape(rows, CELL, columns, CELL).mean((1, 3))
    return np.where(share >= EDITED_SHARE, 1, np.where(share > 0, -1, 0)).astype(np.int8)


def batch_of(step, pages, config, faces):
    """Forged crops and, of some of them, genuine twins."""
    rng = np.random.default_rng((config["seed"], step))
    schedule, samples = config["schedule"], []
    for n in range(schedule["batch"] - schedule["twins"]):
        forged, genuine = sample(pages, config, rng, faces)
        samples += [forged, genuine] if n < schedule["twins"] else [forged]
    planes_, blocks, cells = (torch.from_numpy(np.stack(part)) for part in zip(*samples))
    return planes_.float().contiguous(memory_format=torch.channels_last), blocks, cells, (cells == 1).any(2).any(1)


def endless(first, pages, config, faces):
    """Batches from step `first` on, made beside the training."""
    ready = queue.Queue(4)

    def work():
        step = first
        while True:
            ready.put(batch_of(step, pages, config, faces))
            step += 1

    threading.Thread(target=work, daemon=True).start()
    while True:
        yield ready.get()
