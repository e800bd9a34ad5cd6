"""Finds where a labelled value stands on the page, character by character.

SROIE's keys give values without places, with spaces and letters that differ
from the page. The alignment is Gotoh's: the whole value against any part of
the text; skipping text costs little once begun, because between two lines of
an address another column may stand.
"""

import numba
import numpy as np

MATCH, MISMATCH, MISSING = 2.0, -1.0, -1.0
OPEN, OPEN_AT_LINE, EXTEND = -2.5, -1.5, -0.15


@numba.njit(cache=True)
def _align(value, text, starts):
    """For each character of `value` the index of the equal character of `text`, or -1."""
    n, m = len(value), len(text)
    low = -1e9
    score = np.full((n + 1, m + 1), low)
    skip = np.full((n + 1, m + 1), low)  # the best path that ends by skipping text
    step = np.zeros((n + 1, m + 1), np.int8)
    opened = np.zeros((n + 1, m + 1), np.int8)
    score[0, :] = 0.0
    for i in range(1, n + 1):
        for j in range(m + 1):
            best, how = score[i - 1, j] + MISSING, 2
            if j:
                diagonal = score[i - 1, j - 1] + (MATCH if value[i - 1] == text[j - 1] else MISMATCH)
                if diagonal >= best:
                    best, how = diagonal, 1
                fresh = score[i, j - 1] + (OPEN_AT_LINE if starts[j - 1] else OPEN)
                further = skip[i, j - 1] + EXTEND
                opened[i, j] = fresh >= further
                skip[i, j] = max(fresh, further)
                if skip[i, j] > best:
                    best, how = skip[i, j], 3
            score[i, j], step[i, j] = best, how
    j = int(np.argmax(score[n]))
    i, skipping = n, False
    out = np.full(n, -1, np.int64)
    while i > 0:
        if skipping:
            skipping = opened[i, j] == 0
            j -= 1
        elif step[i, j] == 1:
            if value[i - 1] == text[j - 1]:
                out[i - 1] = j - 1
            i, j = i - 1, j - 1
        elif step[i, j] == 2:
            i -= 1
        else:
            skipping = True
    return out


def locate(value, lines):
    """Places of a value on ordered lines.

    Returns `(places, share)`: `(line index, character)` of each matched non-space character in order, and the share
    of the value's characters that were matched.
    """
    wanted = [c for c in value.casefold() if not c.isspace()]
    text, places, starts = [], [], []
    for number, line in enumerate(lines):
        first = True
        for index, c in enumerate(line.text):
            if not c.isspace():
                text.append(c.casefold()[:1])
                places.append((number, index))
                starts.append(first)
                first = False
    if not wanted or not text:
        return [], 0.0
    codes = lambda chars: np.array([ord(c) for c in chars], np.int32)
    found = _align(codes(wanted), codes(text), np.array(starts, np.bool_))
    return [places[j] for j in found if j >= 0], float((found >= 0).mean())
