"""From a map of logits to a verdict: the page's score and its regions. Mirrored in `models/src/forgery/verdict.rs`.

The score is a logistic regression on what the highest cells of the page reach; the threshold of regions is the one that
finds most on pages that were learnt from. `fit` sets both.
"""

import cv2
import numpy as np

TOPS = (4, 16, 64)  # of a page's cells, whose mean logit is looked at
BOUND = 12.0  # logits beyond it are certain anyway
MIN_CELLS = 2  # of a region
THRESHOLDS = np.arange(-1.0, 9.01, 0.5)


def smooth(logits):
    """Each cell with its eight neighbours, at the weights of a binomial filter."""
    return cv2.sepFilter2D(logits.clip(-BOUND, BOUND).astype(np.float32), -1, np.float32([0.25, 0.5, 0.25]), np.float32([0.25, 0.5, 0.25]), borderType=cv2.BORDER_REPLICATE)


def features(logits):
    """What the score is computed from: means of the highest cells, raw and smoothed, and the page's usual level."""
    level = smooth(logits)
    raw, even = np.sort(logits.clip(-BOUND, BOUND), axis=None)[::-1], np.sort(level, axis=None)[::-1]
    return np.array([raw[:n].mean() for n in TOPS] + [even[:n].mean() for n in TOPS] + [even[:max(1, len(even) // 20)].mean()], np.float32)


def regions(logits, threshold):
    """Boxes (left, top, right, bottom, in cells) of edited places with the highest logit in each, the most certain first."""
    level = smooth(logits)
    number, labels, stats, _ = cv2.connectedComponentsWithStats((level > threshold).astype(np.uint8), connectivity=8)
    found = []
    for i in range(1, number):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area >= MIN_CELLS:
            found.append(((x, y, x + w, y + h), float(level[y:y + h, x:x + w][labels[y:y + h, x:x + w] == i].max())))
    return sorted(found, key=lambda r: -r[1])


def touches(a, b):
    """Whether two boxes share at least a quarter of the smaller one."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return w > 0 and h > 0 and w * h >= 0.25 * smaller


def true_boxes(target):
    """Boxes of the edits of a page, in cells, from its targets."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((target != 0).astype(np.uint8), connectivity=8)
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:]]


class Localisation:
    """Counts of cells and of regions, and the F1 of both."""

    def __init__(self):
        self.cells, self.regions = np.zeros(3), np.zeros(4)

    def add(self, logits, target, threshold):
        found, truth, counts = smooth(logits) > threshold, target == 1, target >= 0
        self.cells += [(found & truth).sum(), (found & ~truth & counts).sum(), (~found & truth).sum()]
        boxes, edits = [box for box, _ in regions(logits, threshold)], true_boxes(target)
        right, seen = sum(any(touches(b, e) for e in edits) for b in boxes), sum(any(touches(b, e) for b in boxes) for e in edits)
        self.regions += [right, len(boxes), seen, len(edits)]

    def f1(self):
        """(F1 of cells, F1 of regions)."""
        hit, false, missed = self.cells
        right, given, seen, edits = self.regions
        precision, recall = right / max(given, 1), seen / max(edits, 1)
        return 2 * hit / max(2 * hit + false + missed, 1), 2 * precision * recall / max(precision + recall, 1e-9)


def logistic(x, y, penalty=1e-2, rounds=60):
    """Weights and bias of a logistic regression by Newton's method, on standardised features, given back for raw ones."""
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    z = np.hstack([(x - mean) / deviation, np.ones((len(x), 1))])
    w = np.zeros(z.shape[1])
    damp = penalty * len(x) * np.eye(len(w))
    damp[-1, -1] = 0
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-(z @ w).clip(-30, 30)))
        w -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + damp + 1e-6 * np.eye(len(w)), z.T @ (p - y) + damp @ w)
    weights = w[:-1] / deviation
    return weights, float(w[-1] - weights @ mean)


def fit(maps):
    """Weights and bias of the score, and the threshold of regions, from (logits, target) of pages."""
    x = np.stack([features(logits) for logits, _ in maps])
    y = np.array([float((target == 1).any()) for _, target in maps])
    weights, bias = logistic(x, y)
    best = (-1.0, 0.0)
    for threshold in THRESHOLDS:
        counts = Localisation()
        for logits, target in maps:
            counts.add(logits, target, threshold)
        best = max(best, (sum(counts.f1()), float(threshold)))
    return {"weights": [float(w) for w in weights], "bias": bias, "threshold": best[1]}


def score(logits, verdict):
    """Probability-like score of a page, 0 to 1."""
    return float(1 / (1 + np.exp(-(features(logits) @ np.array(verdict["weights"]) + verdict["bias"]))))
