"""Fits the judge of photos: the coefficients in `server/src/pipeline/quality/judge.rs`.

    slipstream eval quality --split all --data SROIE --json REPORT.json
    python photo_quality.py REPORT.json --sroie SROIE --never IDS.txt

Learns from the photos of companies that train alone (see `extract/data.py`). One logistic regression for each kind of
fault tells photos that cannot be read because of it from all that can. Measures are cut off at what was seen, so that
no photo is judged by values that nothing was learnt from. Prints the terms as Rust, and, by five-fold cross-validation
over receipts, the probability from which 2.2 % of the readable photos are stopped.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np

from extract.data import validates

UNREADABLE = 0.5  # word F1, as in the server's `eval quality`
READABLE_STOPPED = 0.022
FOLDS = 5
PENALTY = 0.3  # on the squares of standardised weights


def log(name):
    return lambda m: math.log(max(m[name], 0.01))


def plain(name):
    return lambda m: m[name]


def lost_share(m):
    return m["blown_out_share"] / (m["print_share"] + m["blown_out_share"] + 1e-6)


# Faults that a judge learns from, and its measures with their names in Rust.
JUDGES = {
    "DETAIL": (("focus", "motion", "small", "compressed"), [
        ("ln(m.fine)", log("fine")), ("ln(m.fine_over_all)", log("fine_over_all")), ("ln(m.sharpest)", log("sharpest")),
        ("m.reduced_side as f32", plain("reduced_side")), ("ln(m.print_share)", log("print_share")),
        ("m.bright_level", plain("bright_level"))]),
    "CONTRAST": (("dark", "faded"), [
        ("ln(m.coarse_levels)", log("coarse_levels")), ("ln(m.fine_levels)", log("fine_levels"))]),
    "LIGHT": (("glare",), [
        ("ln(m.print_share)", log("print_share")), ("m.blown_out_share", plain("blown_out_share")),
        ("m.reduced_side as f32", plain("reduced_side")), ("lost_share(m)", lost_share)]),
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
    arguments = parser.parse_args()
    never = set(arguments.never.read_text().split()) if arguments.never else set()
    key = lambda i: json.loads((arguments.sroie / "key" / f"{i}.json").read_text(encoding="utf-8"))
    photos = [p for p in json.loads(arguments.report.read_text())["photos"] if p["id"] not in never]
    photos = [p for p in photos if not validates(str(key(p["id"]).get("company") or ""))]

    ids = sorted({p["id"] for p in photos})
    fold = np.array([ids.index(p["id"]) % FOLDS for p in photos])
    scores = np.zeros(len(photos))
    for held in range(FOLDS):
        judges = fitted([p for p, f in zip(photos, fold) if f != held])
        scores[fold == held] = unreadable(judges, [p for p, f in zip(photos, fold) if f == held])
    bad = np.array([p["word_f1"] < UNREADABLE for p in photos])
    stop = np.quantile(scores[~bad], 1 - READABLE_STOPPED)
    print(f"// {len(photos)} photos of {len(ids)} receipts, {bad.sum()} unreadable.")
    print(f"// Stopped from {stop:.3f}: {(scores[bad] > stop).mean():.3f} of the unreadable, "
          f"{(scores[~bad] > stop).mean():.3f} of the readable (cross-validated).")
    for name, judge in fitted(photos).items():
        print(f"{name}: bias {judge.bias:.3f}")
        for (rust, _), weight, low, high in zip(JUDGES[name][1], judge.weights, judge.low, judge.high):
            print(f"    term(|m| {rust}, {weight:.4g}, {low:.4g}, {high:.4g}),")


if __name__ == "__main__":
    main()
