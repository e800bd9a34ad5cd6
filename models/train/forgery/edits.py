"""Edits as people make them on receipts, with exact masks.

Every edit is `edit(image, page, place, rng) -> (image, box)`, or None where the page offers nothing for it. `place` is
the box of the characters to change; `box` is what was touched, and `forge` marks the pixels in it. The names are those
of the data set Find it again! (copied inside, from outside, cut, imitated, painted).
"""

from pathlib import Path

import cv2
import numpy as np

MARGIN = 2  # pixels of paper around a character, on average


def clip(box, image):
    h, w = image.shape[:2]
    return max(0, int(box[0])), max(0, int(box[1])), min(w, int(box[2])), min(h, int(box[3]))


def around(glyphs, rng, image):
    """The box of neighbouring characters with some paper around it, as one drags a rectangle over them."""
    boxes = np.array([g.box for g in glyphs])
    grow = lambda: int(rng.integers(0, 2 * MARGIN + 1))
    (left, top), (right, bottom) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    return clip((left - grow(), top - grow(), right + grow(), bottom + grow()), image)


def runs(page, size, digits=False):
    """All runs of `size` characters of one line; only those of digits where asked and known."""
    found = [line[i:i + size] for line in page.lines for i in range(len(line) - size + 1)]
    return [run for run in found if all(g.text.isdigit() for g in run)] if digits else found


def paper(image, box):
    """Median colour of the light half of the pixels around `box`."""
    left, top, right, bottom = clip((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4), image)
    pixels = image[top:bottom, left:right].reshape(-1, 3)
    light = pixels.sum(1)
    return np.median(pixels[light >= np.median(light)], 0)


def ink(image, box):
    """Median colour of the darkest tenth of the pixels in `box`."""
    left, top, right, bottom = clip(box, image)
    pixels = image[top:bottom, left:right].reshape(-1, 3)
    dark = pixels.sum(1)
    return np.median(pixels[dark <= np.quantile(dark, 0.1)], 0)


def blend(image, patch, corner, rng):
    """Puts `patch` onto `image`: as it is, with soft edges, in the brightness of its surroundings, only where it is darker, or both evened out (Pérez et al., Poisson image editing)."""
    left, top = corner
    h, w = patch.shape[:2]
    box = (left, top, left + w, top + h)
    under = image[top:top + h, left:left + w].astype(np.float32)
    over = patch.astype(np.float32)
    how = rng.choice(["plain", "soft", "level", "level soft", "darken", "poisson"], p=[0.4, 0.15, 0.15, 0.1, 0.1, 0.1])
    if "level" in how:
        over = over + (paper(image, box) - paper(patch, (0, 0, w, h))).astype(np.float32)
    if how == "poisson" and min(h, w) > 6 and top > 1 and left > 1 and box[2] < image.shape[1] - 1 and box[3] < image.shape[0] - 1:
        mask = np.full((h, w), 255, np.uint8)
        return cv2.seamlessClone(patch, image, mask, (left + w // 2, top + h // 2), cv2.NORMAL_CLONE), box
    if how == "darken":
        over = np.minimum(over, paper(image, box).astype(np.float32))
    alpha = np.ones((h, w, 1), np.float32)
    if "soft" in how:
        edge = int(rng.integers(1, 4))
        alpha[:] = 0
        alpha[edge // 2 + 1:-(edge // 2 + 1) or None, edge // 2 + 1:-(edge // 2 + 1) or None] = 1
        alpha = cv2.GaussianBlur(alpha, (0, 0), edge / 2)[..., None]
    out = image.copy()
    out[top:top + h, left:left + w] = (alpha * over + (1 - alpha) * under).clip(0, 255).round()
    return out, box


def put(image, patch, place, rng):
    """Blends a patch over the middle of `place`."""
    h, w = patch.shape[:2]
    left = round((place[0] + place[2] - w) / 2 + rng.uniform(-1, 1))
    top = round((place[1] + place[3] - h) / 2 + rng.uniform(-1, 1))
    left, top = min(max(left, 0), image.shape[1] - w), min(max(top, 0), image.shape[0] - h)
    return (None if left < 0 or top < 0 else blend(image, patch, (left, top), rng))


def similar(candidates, place, image, rng, tolerance):
    """One of the runs about as large as `place` that does not overlap it, with its box."""
    wide, tall = place[2] - place[0], place[3] - place[1]
    for i in rng.permutation(len(candidates))[:60]:
        box = around(candidates[i], rng, image)
        apart = box[0] >= place[2] or box[2] <= place[0] or box[1] >= place[3] or box[3] <= place[1]
        if apart and abs(box[2] - box[0] - wide) <= max(3, tolerance * wide) and abs(box[3] - box[1] - tall) <= max(3, tolerance * tall):
            return box
    return None


def characters_in(page, place):
    inside = lambda b: place[0] <= (b[0] + b[2]) / 2 < place[2] and place[1] <= (b[1] + b[3]) / 2 < place[3]
    return max(1, sum(inside(g.box) for line in page.lines for g in line))


def copy_move(image, page, place, rng):
    """Characters of the same page over others."""
    count = min(characters_in(page, place), 6)
    candidates = runs(page, count, digits=rng.random() < 0.7) or runs(page, count)
    box = similar(candidates, place, image, rng, 0.3)
    return None if box is None else put(image, image[box[1]:box[3], box[0]:box[2]].copy(), place, rng)


def splice(image, page, place, rng, other=None):
    """Characters of another receipt, brought to the height of these."""
    if other is None:
        return None
    candidates = runs(other, min(characters_in(page, place), 6)) or runs(other, 1)
    if not candidates:
        return None
    box = around(candidates[rng.integers(len(candidates))], rng, other.image)
    patch = other.image[box[1]:box[3], box[0]:box[2]]
    factor = (place[3] - place[1]) / max(1, patch.shape[0])
    size = (max(4, round(patch.shape[1] * factor)), max(4, round(patch.shape[0] * factor)))
    if size[0] > 4 * (place[2] - place[0]) or min(size[0] - image.shape[1], size[1] - image.shape[0]) > 0:
        return None
    if patch.shape[0] != size[1]:
        patch = cv2.resize(patch, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    return put(image, patch, place, rng)


def remove(image, page, place, rng):
    """Characters gone: filled from around, painted over with the paper's colour, or covered with blank paper."""
    left, top, right, bottom = place
    how = rng.choice(["telea", "stokes", "flat", "patch"], p=[0.3, 0.15, 0.3, 0.25])
    out = image.copy()
    if how in ("telea", "stokes"):
        a, b, c, d = clip((left - 8, top - 8, right + 8, bottom + 8), image)
        mask = np.zeros((d - b, c - a), np.uint8)
        mask[top - b:bottom - b, left - a:right - a] = 255
        out[b:d, a:c] = cv2.inpaint(image[b:d, a:c], mask, 3, cv2.INPAINT_TELEA if how == "telea" else cv2.INPAINT_NS)
        return out, place
    if how == "patch":
        height, width = bottom - top, right - left
        for _ in range(12):  # blank paper of the same size near by
            x = int(np.clip(left + rng.integers(-150, 151), 0, image.shape[1] - width))
            y = int(np.clip(top + rng.integers(-40, 41), 0, image.shape[0] - height))
            part = image[y:y + height, x:x + width]
            if part.size and part.min() > 0.7 * paper(image, place).min():
                return blend(image, part.copy(), (left, top), rng)
    out[top:bottom, left:right] = paper(image, place).round()
    return out, place


def retype(image, page, place, rng, faces=()):
    """Characters typed anew, in a face of their height and ink, on a cleared place."""
    if not faces:
        return None
    dark = np.zeros(3) if rng.random() < 0.25 else ink(image, place) + rng.uniform(-12, 12)
    tall = place[3] - place[1] - MARGIN
    cleared, box = remove(image, page, place, rng)
    count = characters_in(page, place)
    text = "".join(rng.choice(list("0123456789"), count))
    if count > 3 and rng.random() < 0.7:
        text = text[:-3] + "." + text[-2:]
    face = faces[rng.integers(len(faces))]
    size = max(6, round(tall / 0.72))  # a digit is about 0.72 of the size
    width = max(8, place[2] - place[0])
    (x0, _, measured, _) = cv2.getTextSize((0, 0), text, (0, 0), face, size)
    if measured > 1.5 * width + 6:
        size = max(6, round(size * (1.5 * width + 6) / measured))
    # Drawn on a canvas of its own, since a face draws with alpha onto what is there.
    layer = np.zeros(image.shape[:2] + (3,), np.uint8)
    cv2.putText(layer, text, (place[0] + MARGIN // 2, place[3] - MARGIN // 2 - 1), (255, 255, 255), face, size)
    alpha = layer[..., :1].astype(np.float32) / 255
    if rng.random() < 0.4:
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.0))[..., None]
    rows, columns = np.flatnonzero(alpha.any((1, 2))), np.flatnonzero(alpha.any((0, 2)))
    if not len(rows):
        return None
    typed = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    cleared = (cleared * (1 - alpha) + alpha * dark.clip(0, 255)).round().astype(np.uint8)
    return cleared, (min(box[0], typed[0]), min(box[1], typed[1]), max(box[2], typed[2]), max(box[3], typed[3]))


def brush(image, page, place, rng):
    """Strokes over characters: one that makes another digit, or a blot that hides it."""
    left, top, right, bottom = place
    out = image.copy()
    hides = rng.random() < 0.25
    colour = paper(image, place) if hides else np.zeros(3) if rng.random() < 0.35 else ink(image, place) + rng.uniform(-15, 15)
    colour = [float(v) for v in colour.clip(0, 255)]
    thick = max(3, (bottom - top) // 3) if hides else int(rng.integers(1, max(3, (bottom - top) // 8 + 1)))
    kind = cv2.LINE_AA if rng.random() < 0.7 else cv2.LINE_8
    for _ in range(int(rng.integers(1, 4))):
        points = np.stack([rng.uniform(left, right, 3), rng.uniform(top, bottom, 3)], 1)
        t = np.linspace(0, 1, 8)[:, None]
        curve = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t ** 2 * points[2]
        cv2.polylines(out, [(curve * 8).round().astype(np.int32)], False, colour, thick, kind, 3)
    return out, clip((left - thick - 1, top - thick - 1, right + thick + 1, bottom + thick + 1), image)


EDITS = {"copy_move": copy_move, "splice": splice, "remove": remove, "retype": retype, "brush": brush}


def smoothed(image, box, rng):
    """What some do to hide the edges: a little blur over the place."""
    left, top, right, bottom = clip((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), image)
    image[top:bottom, left:right] = cv2.GaussianBlur(image[top:bottom, left:right], (0, 0), rng.uniform(0.4, 0.8))
    return left, top, right, bottom


def place_of(page, rng, digits=0.7):
    """Where to edit: a few neighbouring characters, mostly digits; None on an empty page."""
    size = int(rng.choice([1, 2, 3, 4, 5], p=[0.45, 0.2, 0.15, 0.12, 0.08]))
    candidates = (rng.random() < digits and runs(page, size, digits=True)) or runs(page, size) or runs(page, 1)
    return around(candidates[rng.integers(len(candidates))], rng, page.image) if candidates else None


def forge(image, page, name, place, rng, other=None, faces=()):
    """One edit; gives the image and its mask (255 where a pixel of the touched place was edited), or None."""
    more = {"splice": {"other": other}, "retype": {"faces": faces}}.get(name, {})
    before = image
    result = EDITS[name](image, page, place, rng, **more)
    if result is None:
        return None
    image, box = result
    if rng.random() < 0.12:
        box = smoothed(image, box, rng)
    left, top, right, bottom = clip(box, image)
    changed = np.abs(image[top:bottom, left:right].astype(np.int16) - before[top:bottom, left:right]).max(2) > 0
    if changed.sum() < 12:
        return None
    mask = np.zeros(image.shape[:2], np.uint8)
    # A pasted pixel that happens to equal the one below is edited all the same; strokes alone are thin.
    mask[top:bottom, left:right] = 255 * (changed if name == "brush" else 1)
    return image, mask


def faces_of(folder):
    """The typefaces below `folder`, as OpenCV draws them."""
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix in (".ttf", ".otf"))
    plain = [f for f in files if not any(w in f.stem.lower() for w in ("italic", "oblique"))]
    return [cv2.FontFace(str(f)) for f in plain]
