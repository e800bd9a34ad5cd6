"""What the network sees of a picture; mirrored in `models/src/forgery/planes.rs` and `blocks.rs`.

Two streams meet at a cell of 8×8 pixels: three planes of pixels (brightness, truncated noise residual, tint), and what
the cell's cosine coefficients say of earlier JPEG compression.
"""

import numpy as np

CELL = 8  # pixels; a JPEG block
RESIDUAL_BOUND = 8.0  # grey levels: larger residuals are print, not noise
TINT_SCALE = 32.0  # grey levels

# Frequencies (vertical, horizontal) whose coefficients are looked at: the low ones, which compression leaves alive.
FREQUENCIES = [(v, u) for v in range(5) for u in range(5) if 0 < v + u <= 4]
BINS_PER_UNIT, UNITS = 4, 64  # of the histogram of a frequency's coefficients
STEPS = range(2, 65)  # quantisation steps that are tried; 1 leaves no trace behind rounding to pixels
SAME_FIT = 0.85  # a larger step is believed when it fits this much as well as the best: divisors of a step fit too
MIN_SHARE, MIN_COUNT = 0.002, 8  # of the blocks that must carry coefficients of at least half a step
BLOCK_FEATURES = 5


def luminance(image):
    """Brightness of a blue-green-red image, 0 to 255."""
    return image.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)


def whole_cells(image):
    """The image without the incomplete cells at its right and lower edge."""
    return image[:image.shape[0] // CELL * CELL, :image.shape[1] // CELL * CELL]


def planes(image):
    """`[3, H, W]`: brightness, residual and tint, each about -1 to 1."""
    y = luminance(image)
    p = np.pad(y, 1, mode="edge")
    # Second differences in both directions at once: blind to flat parts and to even slopes.
    sides = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
    corners = p[:-2, :-2] + p[:-2, 2:] + p[2:, :-2] + p[2:, 2:]
    residual = (2 * sides - corners) / 4 - y
    tint = image[..., 2].astype(np.float32) - image[..., 0]
    return np.stack([y / 128 - 1, residual.clip(-RESIDUAL_BOUND, RESIDUAL_BOUND) / RESIDUAL_BOUND, (tint / TINT_SCALE).clip(-1, 1)])


def _basis():
    n = np.arange(CELL)
    basis = np.cos((2 * n[None] + 1) * n[:, None] * np.pi / 16) * 0.5
    basis[0] *= np.sqrt(0.5)
    return basis[:5].astype(np.float32)


BASIS = _basis()
CENTRES = (np.arange(BINS_PER_UNIT * UNITS) + 0.5) / BINS_PER_UNIT
WAVES = np.stack([np.cos(2 * np.pi * CENTRES / q) for q in STEPS])
LARGE_ENOUGH = np.stack([CENTRES >= q / 2 for q in STEPS])


def step_of(counts, blocks):
    """The step with which a frequency was quantised, and how well it fits, 0 to 1; `counts` is its histogram."""
    kept = counts * LARGE_ENOUGH
    number = kept.sum(1)
    fit = np.where(number >= max(MIN_COUNT, MIN_SHARE * blocks), (kept * WAVES).sum(1) / np.maximum(number, 1), 0.0)
    best = fit.max()
    if best <= 0:
        return 2.0, 0.0
    largest = int(np.flatnonzero(fit >= SAME_FIT * best)[-1])
    return float(STEPS[largest]), float(fit[largest])


def block_features(image):
    """`[5, H/8, W/8]`: how badly a block fits the steps that the page was once quantised with (0 to 2), the same times how
    sure the steps are, how sure they are (equal all over the page), log energy, and the share of pixels at an end of the range."""
    y = whole_cells(luminance(image)) - 128
    rows, columns = y.shape[0] // CELL, y.shape[1] // CELL
    blocks = y.reshape(rows, CELL, columns, CELL).transpose(0, 2, 1, 3).reshape(-1, CELL, CELL)
    # Where a channel left its range, what was cut off is in no coefficient; such blocks do not vote for the steps.
    cells = whole_cells(image)
    cut = ((cells.max(2) == 255) | (cells.min(2) == 0)).reshape(rows, CELL, columns, CELL).mean((1, 3), dtype=np.float32).ravel()
    whole = cut == 0
    transformed = BASIS @ blocks @ BASIS.T
    coefficients = np.stack([transformed[:, v, u] for v, u in FREQUENCIES])
    places = (np.abs(coefficients) * BINS_PER_UNIT).astype(np.int32)
    misfit, weight = np.zeros(len(blocks), np.float32), 0.0
    for values, place in zip(coefficients, places):
        counts = np.bincount(place[whole & (place < BINS_PER_UNIT * UNITS)], minlength=BINS_PER_UNIT * UNITS)
        step, fit = step_of(counts, whole.sum())
        sure = fit * fit
        misfit += sure * (1 - np.cos(2 * np.pi / step * values))
        weight += sure
    misfit = misfit / max(weight, 1e-3)
    sure = np.full(len(blocks), weight / len(FREQUENCIES), np.float32)
    energy = np.log1p(np.abs(coefficients).sum(0)) / 4 - 1
    features = np.stack([misfit, misfit * sure, sure, energy, cut])
    return features.reshape(BLOCK_FEATURES, rows, columns).astype(np.float32)
