"""What earlier JPEG compression left in every block; mirrored in `models/src/forgery/ghosts.rs`.

Pixels that were compressed once hardly change when they are compressed again at the same quality; pixels that were
changed in between do (Farid, Exposing digital forgeries from JPEG ghosts, 2009). So the two qualities are sought at which
most of a page hardly changes, and every block says how much it changes there. Tables are those of the standard's annex K
scaled by quality, as most encoders write them.
"""

import numpy as np

from .planes import CELL, luminance, whole_cells

BLOCK_FEATURES = 6
QUALITIES = np.arange(40, 99)
SAMPLED = 256  # blocks that the qualities are sought with
NEAR = 3  # qualities to each side that one is compared with
APART = 3  # the earlier quality is at least so far below the later: of a finer one nothing would be left
LEAST_CHANGE = 0.05  # grey levels

# Annex K, table K.1: luminance.
STANDARD = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
])


def table(quality):
    """Quantisation steps [vertical, horizontal] at a quality from 1 to 100, as libjpeg scales them."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((STANDARD * scale + 50) // 100, 1, 255).astype(np.float32)


def _basis():
    n = np.arange(CELL)
    basis = np.cos((2 * n[None] + 1) * n[:, None] * np.pi / 16) * 0.5
    basis[0] *= np.sqrt(0.5)
    return basis.astype(np.float32)


BASIS = _basis()


def change(blocks, coefficients, quality):
    """Mean difference that compressing blocks at a quality makes, in grey levels."""
    steps = table(quality)
    again = BASIS.T @ (np.round(coefficients / steps) * steps) @ BASIS
    return np.abs(again.clip(-128, 127) - blocks).mean((1, 2))


def sampled(energy, cut):
    """Blocks to seek the qualities with: of those with most print in them, the least cut off, evenly over the page."""
    candidates = np.flatnonzero((energy > 0) & (cut <= 0.25))
    if len(candidates) < SAMPLED // 4:
        candidates = np.flatnonzero(energy > 0)
    if len(candidates) > 4 * SAMPLED:
        limit = np.sort(energy[candidates])[len(candidates) // 2]
        candidates = candidates[energy[candidates] >= limit]
    return candidates[::max(1, len(candidates) // SAMPLED)][:SAMPLED]


def dips(curve):
    """The two qualities at which a page changes less than at those beside, with how much less (0 to 1) and what it changes beside."""
    count = len(curve)
    beside = np.array([(curve[max(0, i - NEAR)] + curve[min(count - 1, i + NEAR)]) / 2 for i in range(count)])
    depth = 1 - curve / np.maximum(beside, LEAST_CHANGE)
    first = int(depth.argmax())
    second = int(depth[:max(1, first - APART + 1)].argmax())
    return [(int(QUALITIES[i]), max(0.0, float(depth[i])), max(LEAST_CHANGE, float(beside[i]))) for i in (first, second)]


def block_features(image):
    """`[6, H/8, W/8]`: how much a block changes at each of the two qualities, relative to what the page changes at those beside,
    how deep both dips are (equal all over the page), log energy, and the share of pixels that a channel's range cut off."""
    y = whole_cells(luminance(image)) - 128
    rows, columns = y.shape[0] // CELL, y.shape[1] // CELL
    blocks = y.reshape(rows, CELL, columns, CELL).transpose(0, 2, 1, 3).reshape(-1, CELL, CELL)
    cells = whole_cells(image)
    cut = ((cells.max(2) == 255) | (cells.min(2) == 0)).reshape(rows, CELL, columns, CELL).mean((1, 3), dtype=np.float32).ravel()
    coefficients = BASIS @ blocks @ BASIS.T
    # All but the mean; whole numbers, so that ties fall alike everywhere.
    energy = np.floor(np.abs(coefficients).sum((1, 2)) - np.abs(coefficients[:, 0, 0]))
    chosen = sampled(energy, cut)
    curve = np.array([change(blocks[chosen], coefficients[chosen], q).mean() if len(chosen) else 0.0 for q in QUALITIES])
    found = dips(curve)
    changes = [np.minimum(change(blocks, coefficients, quality) / beside, 4.0) for quality, _, beside in found]
    depths = [np.full(len(blocks), depth, np.float32) for _, depth, _ in found]
    features = np.stack([*changes, *depths, np.log1p(energy) / 4 - 1, cut])
    return features.reshape(BLOCK_FEATURES, rows, columns).astype(np.float32)
