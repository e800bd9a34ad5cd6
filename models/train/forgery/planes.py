"""The planes of pixels that the backbone sees: brightness, truncated noise residual and tint; mirrored in `models/src/forgery/planes.rs`."""

import numpy as np

CELL = 8  # pixels; a JPEG block
RESIDUAL_BOUND = 8.0  # grey levels: larger residuals are print, not noise
TINT_SCALE = 32.0  # grey levels


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

