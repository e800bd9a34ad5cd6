"""Makes confidences honest from the image on: how often values with a confidence are right.

Run `python -m extract.confidence --help` in `models/train`. What tagging and reading say of a value is turned into the
share of such values that is right, by Platt's two numbers a field (Advances in Large Margin Classifiers, 1999). They are
fitted on what `slipstream eval fields` judged with weights that have none yet.
"""

import argparse
import json
import math
from pathlib import Path

NAMES = {"company": "merchant_name", "address": "merchant_address", "phone": "merchant_phone", "tax": "tax_total", "tax_id": "merchant_tax_id"}
FEWEST = 40  # fewer values of a field are not fitted
SURE = 1e-4
PULL = 0.1  # how strongly the numbers are drawn to 0 and 1, which change nothing; 2.0 left SROIE's errors a third larger, fitted on the other half


def odds(p):
    p = min(max(p, SURE), 1 - SURE)
    return math.log(p / (1 - p))


def fit(values):
    """Newton's method on the log loss of `(confidence, right)` pairs: `[a, b]`."""
    a, b = 0.0, 1.0
    for _ in range(50):
        ga, gb = PULL * a, PULL * (b - 1)
        haa, hab, hbb = PULL, 0.0, PULL
        for p, right in values:
            x = odds(p)
            q = 1 / (1 + math.exp(-(a + b * x)))
            ga, gb = ga + (q - right), gb + (q - right) * x
            w = q * (1 - q)
            haa, hab, hbb = haa + w, hab + w * x, hbb + w * x * x
        det = haa * hbb - hab * hab
        da, db = (hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det
        a, b = a - da, b - db
        if abs(da) + abs(db) < 1e-9:
            break
    return [round(a, 4), round(b, 4)]


def calibrated(numbers, p):
    a, b = numbers
    return 1 / (1 + math.exp(-(a + b * odds(p))))


def error(values, bins=15, least=10):
    """Expected calibration error over bins of equal mass, as `eval fields` reports it."""
    values = sorted(values)
    count = min(max(len(values) // least, 1), bins)
    total = 0.0
    for i in range(count):
        part = values[i * len(values) // count:(i + 1) * len(values) // count]
        total += abs(sum(p - right for p, right in part))
    return total / max(1, len(values))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--judged", type=Path, nargs="+", required=True, help="reports of `eval fields`; a field is taken from the first that has enough values of it")
    p.add_argument("--config", type=Path, required=True, help="config.json of the weights, which gets the numbers")
    args = p.parse_args()
    found = {}
    for path in args.judged:
        report = json.loads(path.read_text(encoding="utf-8"))
        for name, field in report["calibration"]["fields"].items():
            values = [(v["confidence"], float(v["right"])) for v in field["values"]]
            if len(values) >= FEWEST:
                found.setdefault(NAMES.get(name, name), values)
    numbers = {}
    for name, values in sorted(found.items()):
        # Each half judged by what the other one taught: receipts of the two are interleaved.
        halves = values[0::2], values[1::2]
        crossed = [(calibrated(fit(halves[1 - k]), p), right) for k in (0, 1) for p, right in halves[k]]
        numbers[name] = fit(values)
        print(f"{name:17} {len(values):5} values, error {error(values):.3f} -> {error(crossed):.3f} (fitted on the other half), {numbers[name]}")
    config = json.loads(args.config.read_text(encoding="utf-8"))
    config["confidence"] = numbers
    args.config.write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
