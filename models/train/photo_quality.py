"""Fits the judge of photos: the coefficients in `server/src/pipeline/quality/judge.rs`.

    slipstream eval quality --split all --data SROIE --json REPORT.json
    python photo_quality.py REPORT.json --sroie SROIE --never IDS.txt --readable DRAWN.json SYNTHETIC.json

Learns from the photos of companies that train alone (see `extract/data.py`), and from those as they are of other
reports: receipts drawn in many typefaces, lengths and sizes, which SROIE has none of. One logistic regression for each kind of
fault tells photos that cannot be read because of it from all that can. Measures are cut off at what was seen, so that
no photo is judged by values that nothing was learnt from. Prints the terms as Rust, and, by five-fold cross-validation
over receipts, the probability from which 1.5 % of the readable photos of SROIE are stopped (companies that were never seen
have about twice as many).
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

from extract.data import validates

UNREADABLE = 0.5  # word F1, as in the server's `eval quality`
READABLE_STOPPED = 0.015
FOLDS = 5
PENALTY = 0.5  # on the squares of standardised weights


def ln(value):
    return math.log(max(value, 0.003))


def log(name):
    return lambda m: ln(m[name])


def plain(name):
    return lambda m: m[name]


def levels(name, plane):
    return lambda m: ln(m[name][plane])


def relative(name, plane):
    return lambda m: ln(m[name][plane] / max(m["print_contrast"], 1))


def above_noise(m):
    return ln(m["least"][3] / math.sqrt(m["noise"][3] + 1))


def lost_share(m):
    return m["blown_out_share"] / (m["print_share"] + m["blown_out_share"] + 1e-6)


def blockiness(m):
    return ln((m["blocks"]["between"] + 0.05) / (m["blocks"]["inside"] + 0.05))


# Faults that a judge learns from, and its measures with their names in Rust.
JUDGES = {
    "DETAIL": (("focus", "motion", "small"), [
        ("ln(m.sharpest)", log("sharpest")),
        *((f"ln(m.sharp[{i}])", levels("sharp", i)) for i in (0, 1, 2)),
        *((f"ln(m.relative(m.least[{i}]))", relative("least", i)) for i in (1, 2, 3)),
        *((f"ln(m.relative(m.most[{i}]))", relative("most", i)) for i in (0, 2, 3)),
        ("m.reduced_side as f32", plain("reduced_side")), ("ln(m.reduced_side as f32)", log("reduced_side")),
        ("ln(m.print_share)", log("print_share")), ("m.bright_level", plain("bright_level")),
        ("ln(m.print_contrast)", log("print_contrast"))]),
    "CONTRAST": (("dark", "faded"), [
        ("ln(m.least[2])", levels("least", 2)), ("ln(m.most[2])", levels("most", 2)), ("above_noise(m)", above_noise)]),
    "COMPRESSION": (("compressed",), [
        ("blockiness(m)", blockiness), ("m.blocks.flat", lambda m: m["blocks"]["flat"]),
        ("ln(m.blocks.inside)", lambda m: ln(m["blocks"]["inside"]))]),
    "LIGHT": (("glare",), [
        ("m.blown_out_share", plain("blown_out_share")), ("lost_share(m)", lost_share),
        ("ln(m.print_contrast)", log("print_contrast")), ("ln(m.relative(m.least[1]))", relative("least", 1))]),
}


class Judge:
    """A logistic regression on measures that are cut off at the ends of what was seen."""

    def __init__(self, x, y):
        self.low, self.high = np.quantile(x, (0.005, 0.995), axis=0)
        x = np.clip(x, self.low, self.high)
        mean, spread = x.mean(0), x.std(0) + 1e-9
        z = np.c_[np.ones(len(x)), (x - mean) / spread]
        weights, penalty = np.zeros(z.shape[1]), np.eye(z.shape[1]) * PENALTY
        penalty[0, 0] = 0
        for _ in range(50):  # Newton
            p = 1 / (1 + np.exp(-np.clip(z @ weights, -30, 30)))
            curvature = (z * (p * (1 - p) + 1e-9)[:, None]).T @ z + penalty
            weights += np.linalg.solve(curvature, z.T @ (y - p) - penalty @ weights)
        self.weights = weights[1:] / spread
        self.bias = weights[0] - self.weights @ mean

    def probability(self, x):
        return 1 / (1 + np.exp(-(self.bias + np.clip(x, self.low, self.high) @ self.weights)))


def measured(photos, judge):
    return np.array([[value(p["measures"]) for _, value in JUDGES[judge][1]] for p in photos])


def fitted(photos):
    """The judges by name."""
    judges = {}
    for name, (faults, _) in JUDGES.items():
        some = [p for p in photos if p["word_f1"] >= UNREADABLE or p["fault"] in ("as_it_is", *faults)]
        judges[name] = Judge(measured(some, name), np.array([p["word_f1"] < UNREADABLE for p in some]))
    return judges


def unreadable(judges, photos):
    """The probability that some fault makes a photo unreadable."""
    each = {name: judge.probability(measured(photos, name)) for name, judge in judges.items()}
    each["LIGHT"] *= np.array([p["measures"]["blown_out_share"] > 0 for p in photos])
    return 1 - np.prod([1 - p for p in each.values()], axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--sroie", type=Path, required=True)
    parser.add_argument("--never", type=Path, help="ids that are never learnt from, separated by white space")
    parser.add_argument("--readable", type=Path, nargs="*", default=[], help="reports of photos that can be read as they are")
    arguments = parser.parse_args()
    never = set(arguments.never.read_text().split()) if arguments.never else set()
    key = lambda i: json.loads((arguments.sroie / "key" / f"{i}.json").read_text(encoding="utf-8"))
    photos = [p for p in json.loads(arguments.report.read_text())["photos"] if p["id"] not in never]
    photos = [p for p in photos if not validates(str(key(p["id"]).get("company") or ""))]

    others = [p for report in arguments.readable for p in json.loads(report.read_text())["photos"]]
    others = [p for p in others if p["fault"] == "as_it_is" and p["word_f1"] >= UNREADABLE]

    ids = sorted({p["id"] for p in photos})
    fold = np.array([ids.index(p["id"]) % FOLDS for p in photos])
    scores = np.zeros(len(photos))
    for held in range(FOLDS):
        judges = fitted([p for p, f in zip(photos, fold) if f != held] + others)
        scores[fold == held] = unreadable(judges, [p for p, f in zip(photos, fold) if f == held])
    bad = np.array([p["word_f1"] < UNREADABLE for p in photos])
    stop = np.quantile(scores[~bad], 1 - READABLE_STOPPED)
    print(f"// {len(photos)} photos of {len(ids)} receipts, {bad.sum()} unreadable.")
    print(f"// Stopped from {stop:.3f}: {(scores[bad] > stop).mean():.3f} of the unreadable, "
          f"{(scores[~bad] > stop).mean():.3f} of the readable (cross-validated).")
    judges = fitted(photos + others)
    if others:
        print(f"// {(unreadable(judges, others) > stop).sum()} of the {len(others)} others, which were learnt from.")
    for name, judge in judges.items():
        print(f"const {name}: Judge<{len(judge.weights)}> = Judge {{\n    bias: {judge.bias:.3f},\n    terms: [")
        for (rust, _), weight, low, high in zip(JUDGES[name][1], judge.weights, judge.low, judge.high):
            numbers = ", ".join(repr(float(f"{number:.4g}")) for number in (weight, low, high))
            print(f"        term(|m| {rust}, {numbers}),")
        print("    ],\n};")


if __name__ == "__main__":
    main()
