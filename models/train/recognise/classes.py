"""What the recogniser can say: Latin script with the diacritics of Europe, digits, punctuation, currency and a few signs.

Class 0 is CTC's blank, the last one the space. Characters that the starting network did not know take the weights of a
look-alike, with a lower bias, so that training has to find only the difference.
"""

import unicodedata

EXTRA = "–—‘’“”„†•…‰€₤₺₽₹™→←√✓✔✕■□●○★☆☎№"
RARE = set("¤¦¬¶¯¨´¸ĦħĸĿŀŊŋſŉŦŧĲĳĈĉĊċĔĕĜĝĠġĤĥĨĩĬĭĴĵŎŏŨũŬŭŴŵŶŷ")
LATIN = [chr(c) for c in range(0x21, 0x180) if chr(c).isprintable() and not 0x7F <= c < 0xA1 and chr(c) not in RARE]
CLASSES = ["", *LATIN, *"ȘșȚțẞ", *EXTRA, " "]
INDEX = {c: i for i, c in enumerate(CLASSES)}

LOOK_ALIKES = {"¡": "i", "ẞ": "B", "„": ",", "Ș": "Ş", "ș": "ş", "Ț": "Ţ", "ț": "ţ", "№": "N"}
NEW_BIAS = -2.0

# Signs that mean the same on a receipt; what is not in CLASSES otherwise is decomposed (NFKC) or leaves the line out.
SAME = {
    "−": "-", "‐": "-", "‑": "-", "，": ",", "。": ".", "、": ",", "：": ":", "￥": "¥", "∶": ":", "～": "~", "\u00a0": " ", "\u00ad": "-",
    "´": "'", "`": "'", "′": "'", "″": '"', "‚": ",", "Ĳ": "IJ", "ĳ": "ij",
}


def encode(text):
    """Class indices of a text, or None where it holds a character that the network cannot say."""
    out = []
    for c in " ".join(unicodedata.normalize("NFC", text).split()):
        known = c if c in INDEX else SAME.get(c) or unicodedata.normalize("NFKC", c)
        if any(k not in INDEX for k in known):
            return None
        out.extend(INDEX[k] for k in known)
    return out


def decode(indices):
    """The text of a best path: repetitions collapse, blanks vanish (Graves et al., 2006)."""
    out, last = [], 0
    for i in indices:
        if i and i != last:
            out.append(CLASSES[i])
        last = i
    return " ".join("".join(out).split())


def least_steps(labels):
    """Steps that CTC needs for a text: a blank between equal neighbours."""
    return len(labels) + sum(a == b for a, b in zip(labels, labels[1:]))


def refit_head(tensors, known):
    """The head's rows for CLASSES, from those of a network whose classes are `known`."""
    rows = {}
    for i, c in enumerate(known):
        rows.setdefault(c, i)
    rows[" "] = len(known) - 1
    weight, bias = tensors["head.weight"], tensors["head.bias"].clone()
    chosen = [rows[c] if c in rows else rows[LOOK_ALIKES[c]] for c in CLASSES]
    tensors["head.weight"], tensors["head.bias"] = weight[chosen].clone(), bias[chosen].clone()
    for i, c in enumerate(CLASSES):
        if c not in rows:
            tensors["head.bias"][i] += NEW_BIAS
