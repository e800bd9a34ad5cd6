"""Batches of lines of similar width, augmented ahead on a thread of their own."""

import queue
import threading

import cv2
import numpy as np
import torch

from .augment import augment
from .lines import HEIGHT, MARGIN, NARROWEST, STEP

CHUNK = 3000  # lines that are drawn together and sorted by width, so that a batch is of one width
POOLED = 64   # lines in a batch at most


def endless(corpora, shares, schedule, noise, seed):
    """Batches `(images, labels, lengths)` for ever; `shares` says how often a line comes from each corpus."""
    ready = queue.Queue(8)

    def work():
        try:
            dice = np.random.default_rng(seed)
            while True:
                which = dice.choice(len(corpora), CHUNK, p=shares)
                drawn = [corpora[c][dice.integers(len(corpora[c]))] for c in which]
                for lines in widths(drawn, schedule["columns"], dice):
                    ready.put(collate(lines, noise, schedule, dice))
        except BaseException as error:  # whoever waits for a batch would wait for ever
            ready.put(error)

    threading.Thread(target=work, daemon=True).start()
    while True:
        batch = ready.get()
        if isinstance(batch, BaseException):
            raise batch
        yield batch


def widths(lines, columns, dice):
    """Cuts lines into batches of `columns` pixels, of similar widths, in random order."""
    lines = sorted(lines, key=lambda line: line.width + dice.integers(-8, 9))
    batches, batch, widest = [], [], 0
    for line in lines:
        width = max(NARROWEST, line.width)
        if batch and (max(widest, width) * (len(batch) + 1) > columns or len(batch) >= POOLED):
            batches.append(batch)
            batch, widest = [], 0
        batch.append(line)
        widest = max(widest, width)
    batches.append(batch)
    return [batches[i] for i in dice.permutation(len(batches))]


def collate(lines, noise, schedule, dice):
    """Lines are resized to one width rather than padded: the network's gates average over the width."""
    width = max(NARROWEST, round(float(np.median([line.width for line in lines])) / STEP) * STEP)
    images = np.zeros((len(lines), HEIGHT, width, 3), np.float32)
    for image, line in zip(images, lines):
        strength = schedule["sroie_strength" if line.source == "sroie" else "synthetic_strength"]
        pixels = augment(line.pixels, dice, noise, strength)
        # Short lines are padded, as the server pads them.
        if line.width >= NARROWEST and line.width != width or line.width > width:
            pixels = cv2.resize(pixels, (width, HEIGHT))
        image[:, : pixels.shape[1]] = pixels / 127.5 - 1
    lengths = torch.tensor([len(line.labels) for line in lines])
    labels = torch.tensor([label for line in lines for label in line.labels])
    # Channels last, without a copy: it is the layout in which CPUs train fastest.
    return torch.from_numpy(images).permute(0, 3, 1, 2), labels, lengths


def plain(line):
    """A line as the server would cut it."""
    pixels = line.pixels[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32) / 127.5 - 1
    image = np.zeros((1, HEIGHT, max(NARROWEST, line.width), 3), np.float32)
    image[0, :, : line.width] = pixels[:, :, None]
    return torch.from_numpy(image).permute(0, 3, 1, 2)
