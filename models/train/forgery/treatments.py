"""What happens to a picture on its way to the server. Genuine and forged pictures go the same ways.

Every treatment takes an image and its mask (255 where pixels were edited) and gives both back, moved alike.
"""

import cv2
import numpy as np


def jpeg(image, quality):
    """Saved as JPEG and read again."""
    _, file = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


def resized(image, mask, factor, how):
    size = max(16, round(image.shape[1] * factor)), max(16, round(image.shape[0] * factor))
    return cv2.resize(image, size, interpolation=how), cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)


def screenshot(image, mask, rng, factor=None):
    """As a viewer shows it: scaled to a screen by the fast filter, sometimes in other colours."""
    factor = factor or rng.uniform(0.6, 1.35)
    image, mask = resized(image, mask, factor, cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        image = cv2.LUT(image, (255 * (np.arange(256) / 255) ** rng.uniform(0.85, 1.2)).round().astype(np.uint8))
    return image, mask


def recaptured(image, mask, rng):
    """Photographed from paper or screen: seen at an angle, unevenly lit, blurred, with the camera's noise."""
    h, w = image.shape[:2]
    corners = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    moved = corners + rng.uniform(-0.02, 0.02, (4, 2)).astype(np.float32) * min(w, h)
    turn = cv2.getPerspectiveTransform(corners, moved)
    image = cv2.warpPerspective(image, turn, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpPerspective(mask, turn, (w, h), flags=cv2.INTER_LINEAR)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 0.9))
    slope = rng.uniform(-0.15, 0.15, 2)
    light = rng.uniform(0.8, 1.05) + slope[0] * np.linspace(-1, 1, h)[:, None] + slope[1] * np.linspace(-1, 1, w)[None]
    noise = cv2.randn(np.empty(image.shape, np.float32), 0, rng.uniform(0.5, 3.0))
    return (image * light[..., None] + noise).clip(0, 255).astype(np.uint8), mask


def saved(image, rng):
    """Saved once more: half the programs keep every pixel."""
    return image if rng.random() < 0.4 else jpeg(image, rng.integers(60, 98))


def treated(image, mask, rng, shares):
    """One of the treatments of the config's `shares`, at random strength."""
    name = rng.choice(list(shares), p=np.array(list(shares.values())) / sum(shares.values()))
    if name == "jpeg":
        image = jpeg(image, rng.integers(35, 99))
    elif name == "resize":
        how = rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4])
        image, mask = resized(image, mask, rng.uniform(0.5, 1.0), int(how))
        image = saved(image, rng)
    elif name == "screenshot":
        image, mask = screenshot(image, mask, rng)
        image = saved(image, rng)
    elif name == "recapture":
        image, mask = recaptured(image, mask, rng)
        image = jpeg(image, rng.integers(70, 97))
    return image, mask


# Those that validation names, at fixed strength.
FIXED = {
    "none": lambda image, mask, rng: (image, mask),
    "jpeg90": lambda image, mask, rng: (jpeg(image, 90), mask),
    "jpeg50": lambda image, mask, rng: (jpeg(image, 50), mask),
    "resize075": lambda image, mask, rng: jpeg_after(resized(image, mask, 0.75, cv2.INTER_AREA), 90),
    "screenshot": lambda image, mask, rng: screenshot(image, mask, rng, 0.8),
}


def jpeg_after(both, quality):
    return jpeg(both[0], quality), both[1]
