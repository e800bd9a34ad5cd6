"""Counts which characters follow which on receipts; run `python -m recognise.language --help` in `models/train`.

The model is n-grams of characters with Witten-Bell smoothing (1991), in which rare long ones were left out: their mass goes
to the shorter ones (Katz, 1987). It knows that `TOTAL` is likelier than `T0TAL`. All digits are one symbol to it, so that it
can tell a digit from a letter and never one digit from another.

`model.safetensors` holds, for every length k from 1 to `order`, `grams.k` (i64, ascending: the symbols of an n-gram, nine bits
each, the last one lowest), `logarithms.k` (f16: natural logarithm of the probability of the last symbol behind the others) and,
but for the longest, `backoffs.k` (f16: what the logarithms of shorter n-grams are lowered by behind this one). `config.json`
names the symbols.
"""

import argparse
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from extract.data import Sroie, manifest

from .classes import CLASSES
from .lines import agree, readings_of, with_case

BITS = 9
START, END, DIGIT = 0, 1, "0"
PROBES = ["TOTAL 12,50", "T0TAL 12,50", "Käse & Brötchen 2 x 1.99", "THANK YOU", "THANK VOU"]

CARD = """# {name}

Says how likely a character is behind up to {before} others of its line on a receipt. Where a recogniser doubts, it decides with
it what the line says; all digits are one symbol, so it never prefers one digit to another.

| | |
|---|---|
| origin | counted by this project (`models/train/recognise/language.py`): n-grams of up to {order} characters, Witten-Bell smoothing, those of three and more left out that were counted fewer than {least} times |
| licence | Apache-2.0; SROIE's lines (ICDAR 2019) are CC BY 4.0 |
| n-grams | {grams:,}, logarithms stored as f16 |
| counted | {real:,} lines of SROIE's training part, {real_weight} times each, without the companies that validate and without the receipts that measure reading; {synthetic:,} synthetic lines of `training-data`. Files and checksums: `manifest.sha256` |
| weight | {weight} of its logarithms beside the recogniser's, and {bonus} for every character; chosen on SROIE's validation lines, WildReceipt and synthetic lines, on which `slipstream eval lines` measures |

## Limits

It has seen the words of synthetic receipts in ten languages and of Malaysian ones in English, so that synthetic lines gain
more from it than real ones would. Rare spellings that look like common ones may be read as these where the print is doubtful
(`ValldationCode` for `ValidationCode`); what else was possible stays in the alternatives.
"""

SYMBOLS = [DIGIT, *sorted(set(CLASSES) - {""} - set("0123456789"))]
NUMBER = {c: i + 2 for i, c in enumerate(SYMBOLS)} | {c: 2 for c in "0123456789"}
NEVER = -60000.0     # logarithm of a line that starts twice; the least that an f16 holds is -65504


def encode(text):
    """Numbers of a line's symbols with its start and end; None where it holds another character."""
    numbers = [NUMBER.get(c) for c in " ".join(text.split())]
    return None if None in numbers or not numbers else [START, *numbers, END]


def synthetic(path):
    for row in open(path, encoding="utf-8"):
        yield from (line["text"] for line in json.loads(row)["lines"])


def real(root, never, readings):
    """SROIE's training lines, in the case in which a reader saw them."""
    sroie = Sroie(root)
    training, _ = sroie.split(never)
    for i in training:
        for n, (_, text) in enumerate(sroie.truth_page(i)):
            reading = readings.get((i, n))
            if reading is None or agree(text, reading):
                yield text if reading is None else with_case(text, reading)


def count(lines, order):
    """`[k]`: how often each symbol (`{symbol: times}`) follows each history of k symbols; `lines` come with a weight."""
    counts = [defaultdict(Counter) for _ in range(order)]
    for text, weight in lines:
        numbers = encode(text)
        for i in range(1, len(numbers or [])):
            for k in range(min(i, order - 1) + 1):
                counts[k][tuple(numbers[i - k : i])][numbers[i]] += weight
    return counts


def estimate(counts, least):
    """`[k]`: `{n-gram of k + 1: logarithm}` and `{history of k: logarithm of what shorter ones are lowered by}`.

    N-grams of three and more that were counted fewer than `least` times are left out."""
    grams, backoffs = [], []
    for k, histories in enumerate(counts):
        probabilities, lowered = {}, {}
        for history, following in histories.items():
            kept = {s: n for s, n in following.items() if k < 2 or n >= least}
            if not kept:
                continue
            total, kinds = sum(following.values()), len(following)
            if k == 0:
                shorter = {s: 1 / (len(SYMBOLS) + 1) for s in range(1, len(SYMBOLS) + 2)}
                kept = {s: following.get(s, 0) for s in shorter}
            else:
                shorter = {s: math.exp(logarithm(grams, backoffs, (*history[1:], s))) for s in kept}
            for s, n in kept.items():
                probabilities[(*history, s)] = math.log((n + kinds * shorter[s]) / (total + kinds))
            if k:
                left = 1 - sum(math.exp(probabilities[(*history, s)]) for s in kept)
                lowered[history] = math.log(max(left, 1e-6) / max(1 - sum(shorter.values()), 1e-6))
        grams.append(probabilities)
        backoffs.append(lowered)
    return grams, backoffs


def logarithm(grams, backoffs, gram):
    """Of the probability of the last symbol of `gram` behind the others."""
    lowered = 0.0
    while gram not in grams[len(gram) - 1]:
        lowered += backoffs[len(gram) - 1].get(gram[:-1], 0.0)
        gram = gram[1:]
    return lowered + grams[len(gram) - 1][gram]


def of_line(grams, backoffs, text):
    """Of the probability of a whole line, in which each digit is one of ten."""
    numbers = encode(text)
    sum_of = sum(logarithm(grams, backoffs, tuple(numbers[max(0, i + 1 - len(grams)) : i + 1])) for i in range(1, len(numbers)))
    return sum_of - math.log(10) * sum(c.isdigit() for c in text)


def packed(gram):
    key = 0
    for symbol in gram:
        key = key << BITS | symbol
    return key


def tensors(grams, backoffs):
    """What `model.safetensors` holds."""
    out, order = {}, len(grams)
    for k in range(1, order + 1):
        rows = dict(grams[k - 1])
        lowered = backoffs[k] if k < order else {}
        # A history that no shorter one leads to: the start of a line, and what was left out as an n-gram.
        rows |= {history: NEVER if k == 1 else logarithm(grams, backoffs, history) for history in lowered if history not in rows}
        ordered = sorted(rows, key=packed)
        out[f"grams.{k}"] = np.array([packed(gram) for gram in ordered], np.int64)
        out[f"logarithms.{k}"] = np.array([rows[gram] for gram in ordered], np.float16)
        if k < order:
            out[f"backoffs.{k}"] = np.array([lowered.get(gram, 0.0) for gram in ordered], np.float16)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--synthetic", type=Path, action="append", default=[], required=True, help="manifest of a synthesiser; may be given more than once")
    p.add_argument("--sroie", type=Path, required=True, help="folder with img/, box/ and key/")
    p.add_argument("--readings", type=Path, required=True, help="SROIE's lines as a recogniser reads them: `slipstream eval lines --split all --readings FILE`")
    p.add_argument("--never", type=Path, required=True, help="ids, one a line, that no model is trained on")
    p.add_argument("--order", type=int, default=5, help="length of the longest n-grams")
    p.add_argument("--least", type=int, default=13, help="how often n-grams of three and more must have been counted: three times in real lines, or twice where synthetic ones have it as well")
    p.add_argument("--real-weight", type=int, default=6, help="how often a line of SROIE counts")
    p.add_argument("--weight", type=float, default=0.2, help="of the logarithms, beside those of the network that reads")
    p.add_argument("--bonus", type=float, default=0.3, help="for every character, which evens out that each one costs")
    p.add_argument("--weights", type=Path, required=True, help="folder for model.safetensors, config.json, CARD.md and manifest.sha256")
    p.add_argument("--fixture", type=Path, required=True, help="file for the parity fixture")
    args = p.parse_args()

    never, readings = set(args.never.read_text().split()), readings_of(args.readings)
    lines = [(text, args.real_weight) for text in real(args.sroie, never, readings)]
    learnt = len(lines)
    lines += [(text, 1) for path in args.synthetic for text in synthetic(path)]
    grams, backoffs = estimate(count(lines, args.order), args.least)
    out = tensors(grams, backoffs)
    args.weights.mkdir(parents=True, exist_ok=True)
    save_file(out, args.weights / "model.safetensors")
    (args.weights / "model.safetensors").chmod(0o644)  # the library writes it for its owner alone
    config = {"task": "language", "name": "slipstream-receipts-language", "licence": "Apache-2.0", "order": args.order,
              "symbols": SYMBOLS, "weight": args.weight, "bonus": args.bonus}
    (args.weights / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    training, _ = Sroie(args.sroie).split(never)
    files = [args.sroie / "box" / f"{i}.csv" for i in training] + [*args.synthetic, args.readings]
    (args.weights / "manifest.sha256").write_text("".join(f"{f['sha256']}  {f['file']}\n" for f in manifest(files)), encoding="utf-8")
    numbers = {name: len(value) for name, value in out.items() if name.startswith("grams")}
    print(numbers)
    (args.weights / "CARD.md").write_text(CARD.format(
        name=config["name"], before=args.order - 1, order=args.order, least=args.least, grams=sum(numbers.values()), real=learnt,
        real_weight=args.real_weight, synthetic=len(lines) - learnt, weight=args.weight, bonus=args.bonus,
    ), encoding="utf-8")
    probes = [{"text": text, "logarithm": round(of_line(grams, backoffs, text), 3)} for text in PROBES]
    args.fixture.write_text(json.dumps(probes, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
