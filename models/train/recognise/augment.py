"""Makes a line look as detectors, printers and cameras make it look: `[64][W + 16]` grey to `[48][W][3]`."""

import cv2
import numpy as np

from .lines import HEIGHT, MARGIN


def augment(pixels, dice, noise, strength):
    """`dice` is a `numpy.random.Generator`, `noise` the table of the config, `strength` scales all probabilities."""
    happens = lambda name: dice.random() < noise[name] * strength
    u = dice.uniform
    line = box(pixels, dice, happens)
    width = line.shape[1]
    if happens("ink"):
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (int(dice.integers(1, 4)), int(dice.integers(1, 4))))
        line = cv2.erode(line, kernel) if dice.random() < 0.5 else cv2.dilate(line, kernel)
    if happens("missing_dots"):
        spots = dice.random((12, max(2, width // 4)), np.float32)
        spots = cv2.resize(spots, (width, HEIGHT), interpolation=cv2.INTER_NEAREST if dice.random() < 0.5 else cv2.INTER_LINEAR)
        paler = np.minimum(255, line.astype(np.int32) + int(dice.integers(60, 200)))
        line = np.where(spots < u(0.03, 0.2), paler, line).astype(np.uint8)
    if happens("low_resolution"):
        f = u(0.25, 0.7)
        small = cv2.resize(line, (max(8, int(width * f)), max(10, int(HEIGHT * f))), interpolation=cv2.INTER_AREA)
        line = cv2.resize(small, (width, HEIGHT), interpolation=cv2.INTER_LINEAR if dice.random() < 0.6 else cv2.INTER_CUBIC)
    if happens("blur"):
        line = cv2.GaussianBlur(line, (0, 0), u(0.4, 1.8), sigmaY=u(0.4, 1.5))
    if happens("motion"):
        line = cv2.filter2D(line, -1, motion_kernel(dice))
    light = line.astype(np.float32)
    if happens("contrast"):
        light = (light - 128) * u(0.35, 1.25) + 128 + u(-50, 50)
    if happens("shadow"):
        light *= np.interp(np.arange(width), np.sort(u(0, width, 3)), u(0.5, 1.1, 3)).astype(np.float32)[None]
    if happens("shade_down"):
        light *= np.interp(np.arange(HEIGHT), np.sort(u(0, HEIGHT, 2)), u(0.6, 1.1, 2)).astype(np.float32)[:, None]
    if happens("grain"):
        light += dice.standard_normal(light.shape, np.float32) * u(1, 16)
    if happens("negative"):
        light = 255 - light
    colour = np.repeat(light[:, :, None], 3, 2)
    if happens("tint"):
        colour = colour * u(0.75, 1.1, 3).astype(np.float32) + u(-12, 12, 3).astype(np.float32)
    colour = np.clip(colour, 0, 255).astype(np.uint8)
    if happens("jpeg"):
        colour = cv2.imdecode(cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, int(u(15, 80))])[1], cv2.IMREAD_COLOR)
    return colour


def box(pixels, dice, happens):
    """Moves the box within the margin, turns and shears the line a little."""
    u = dice.uniform
    width = pixels.shape[1] - 2 * MARGIN
    above, below = u(-3, 5, 2) if happens("box_height") else (0.0, 0.0)
    left, right = u(-3, 7, 2) if happens("box_width") else (0.0, 0.0)
    turn = u(-0.03, 0.03) * min(1.0, 200 / width) if happens("turn") else 0.0
    shear = u(-0.2, 0.2) if happens("shear") else 0.0
    across, down = (width + left + right) / width, (HEIGHT + above + below) / HEIGHT
    middle = np.array([width / 2, HEIGHT / 2])
    linear = np.array([[across, shear], [turn, down]])
    start = np.array([MARGIN - left, MARGIN - above])
    shift = start + np.array([across, down]) * middle - linear @ middle
    place = np.hstack([linear, shift[:, None]]).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, place, (width, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def motion_kernel(dice):
    length, angle = int(dice.integers(3, 8)), dice.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    for t in np.linspace(-middle, middle, 2 * length):
        kernel[int(round(middle + t * np.sin(angle))), int(round(middle + t * np.cos(angle)))] = 1
    return kernel / kernel.sum()
