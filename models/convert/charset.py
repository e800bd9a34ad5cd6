"""Reduces a recogniser's head to Latin script, digits, punctuation and currency signs."""

import unicodedata

import numpy as np

# Beyond Latin letters: typographic punctuation, currencies and marks that receipts carry.
SIGNS = "–—‘’“”„†•…‰′″€₤₺₽₹₫₩₪™℃→←−√✓✔✕✖★☆■□●○▲▶▼◆☎№"
# Romanian letters beyond Latin Extended-A.
COMMA_BELOW = "ȘșȚț"
# Letters of the Latin blocks that no served language uses, and stand-alone accents.
NOT_SERVED = set("¤¦¬¶ĦħĸĿŀŊŋſƒ´¸")
# Full-width and ideographic forms that the networks sometimes read where the ASCII sign is printed.
READ_AS = {"。": ".", "、": ",", "【": "[", "】": "]", "〈": "<", "〉": ">", "￥": "¥", "−": "-", "∶": ":", "～": "~",
           "（": "(", "）": ")", "〔": "[", "〕": "]"}


def served(character):
    """What a class of the full head reads as, or None where the class is dropped."""
    if len(character) != 1:
        return None
    if character in READ_AS:
        return READ_AS[character]
    if 0xFF01 <= ord(character) <= 0xFF5E:
        return chr(ord(character) - 0xFEE0)
    latin = 0x20 < ord(character) < 0x180 and unicodedata.category(character)[0] != "C"
    return character if (latin and character not in NOT_SERVED) or character in SIGNS + COMMA_BELOW else None


def reduce_head(weight, bias, characters):
    """Keeps the rows of the head that are served.

    `characters` are the full head's classes without the blank (first) and the space (last). Returns weight, bias and
    the text of every class that is left; several classes may read as the same character.
    """
    rows, texts = [0], [""]
    for row, character in enumerate(characters, start=1):
        text = served(character)
        if text is not None:
            rows.append(row)
            texts.append(text)
    rows.append(len(characters) + 1)
    texts.append(" ")
    if weight.shape[0] != len(characters) + 2:
        raise ValueError(f"the head has {weight.shape[0]} classes, the dictionary {len(characters)} + 2")
    return np.ascontiguousarray(weight[rows]), bias[rows], texts
