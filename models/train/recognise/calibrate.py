"""Makes a character's probability mean what it says, by one temperature on the logits (Guo et al., arXiv 1706.04599).

The temperature is divided into the head's weights, so that the network that is exported has it built in; the text that
is read does not change.
"""

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein

from .batches import plain
from .classes import CLASSES

TEMPERATURES = np.geomspace(0.5, 4.0, 60)
BINS = 15


@torch.no_grad()
def characters(net, lines, capitals):
    """The logits at the peak of every character that is read, and whether the truth has it there."""
    rows, right = [], []
    for line in lines:
        logits = net(plain(line))[0]
        best = logits.argmax(1).tolist()
        top = logits.softmax(1).amax(1).tolist()
        peaks, last = [], 0
        for step, c in enumerate(best):
            if c and c != last:
                peaks.append(step)
            elif c and top[step] > top[peaks[-1]]:
                peaks[-1] = step
            last = c
        read = "".join(CLASSES[best[s]] for s in peaks)
        fold = str.upper if capitals else str
        same = set()
        for op in Levenshtein.opcodes(fold(read), fold(line.text)):
            if op.tag == "equal":
                same.update(range(op.src_start, op.src_end))
        rows += [logits[s] for s in peaks]
        right += [i in same for i in range(len(peaks))]
    return torch.stack(rows), np.array(right)


def calibration_error(confidence, right):
    """Expected calibration error over bins of equal width (Naeini et al., 2015)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in range(BINS) if (bins == b).any()]
    return float(sum(gaps))


def fit(net, corpora):
    """`(temperature, error before, error after)` over `[(lines, capitals)]`."""
    parts = [characters(net, lines, capitals) for lines, capitals in corpora]
    logits, right = torch.cat([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def confidence(t):
        return (logits / t).softmax(1).amax(1).double().numpy().clip(1e-6, 1 - 1e-6)

    def surprise(t):
        p = confidence(t)
        return -np.where(right, np.log(p), np.log1p(-p)).mean()

    best = float(min(TEMPERATURES, key=surprise))
    return best, calibration_error(confidence(1.0), right), calibration_error(confidence(best), right)
