"""Makes confidences honest from the image on: how often values with a confidence are right.

Run `python -m extract.confidence --help` in `models/train`. What tagging and reading say of a value is turned into the
share of such values that is right, by the three numbers a field of beta calibration (Kull, Silva Filho and Flach,
AISTATS 2017), whose slopes differ for what is doubtful and what is nearly sure. They are fitted on what
`slipstream eval fields` judged with weights that have none yet.
"""

import argparse
import json
import math
from pathlib import Path

import torch

NAMES = {"company": "merchant_name", "address": "merchant_address", "phone": "merchant_phone", "tax": "tax_total", "tax_id": "merchant_tax_id"}
FEWEST = 40  # fewer values of a field are not fitted
SURE = 1e-4
PULL = 0.1  # how strongly the numbers are drawn to 0, 1 and 1, which change nothing


def evidence(p):
    """What the numbers weigh: 1, and how far `p` is from 0 and from 1."""
    p = min(max(p, SURE), 1 - SURE)
    return [1.0, math.log(p), -math.log(1 - p)]


def fit(values):
    """Newton's method on the log loss of `(confidence, right)` pairs: `[a, b, c]`; a slope below 0 would turn their order round and is 0."""
    x = torch.tensor([evidence(p) for p, _ in values], dtype=torch.float64)
    right = torch.tensor([right for _, right in values], dtype=torch.float64)
    neutral = torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
    free = torch.ones(3, dtype=torch.bool)
    numbers = neutral.clone()
    while True:
        for _ in range(50):
            q = torch.sigmoid(x @ numbers)
            gradient = x.T @ (q - right) + PULL * (numbers - neutral)
            hessian = (x.T * (q * (1 - q))) @ x + PULL * torch.eye(3, dtype=torch.float64)
            step = torch.linalg.solve(hessian[free][:, free], gradient[free])
            numbers[free] -= step
            if step.abs().sum() < 1e-9:
                break
        below = (numbers < 0) & torch.tensor([False, True, True])
        if not below.any():
            return [round(n, 4) for n in numbers.tolist()]
        free &= ~below
        numbers[below] = 0.0


def calibrated(numbers, p):
    return 1 / (1 + math.exp(-sum(n * x for n, x in zip(numbers, evidence(p)))))


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
