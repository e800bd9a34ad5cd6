"""Writes a trained recogniser for Rust: run `python -m recognise.export --help` in `models/train`.

`model.safetensors` (f16), `config.json` (structure and classes), `CARD.md`, `manifest.sha256`, and a fixture against
which the Rust network is tested: one line with the probabilities that PyTorch gives, from the rounded weights.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from extract.data import Sroie

from .calibrate import fit
from .classes import CLASSES
from .lines import HEIGHT, NARROWEST, load, manifest_jobs, sroie_jobs
from .net import build, started_from

CALIBRATED = 2000  # lines of each corpus

CARD = """# {name}

Reads one text line: an RGB crop of height 48 at its natural width (`x / 127.5 - 1`, blue-green-red) gives class
probabilities for every eight pixels, decoded by CTC (class 0 is blank, the last one space).

| | |
|---|---|
| origin | trained by this project (`models/train/recognise`, seed {seed}), starting from {started} (PP-OCRv6, PaddlePaddle / Baidu), grown by {blocks} blocks and {layers} transformer layers |
| licence | Apache-2.0, as the network it started from; SROIE's lines (ICDAR 2019) are CC BY 4.0 |
| parameters | {parameters:,}, stored as f16; {classes} classes |
| training data | {sroie} receipts of SROIE's training part, without the companies that validate and without the receipts that measure reading; synthetic pages of `training-data`. Files and checksums: `manifest.sha256` |
| settings | `models/train/recognise/config.toml`, {steps:,} steps |

## Figures while training

{results}

Lines of companies and typefaces that training never saw, cut by their true boxes. `slipstream eval lines` gives the
figures of the whole validation part.

The confidence of a character is calibrated on lines of both kinds (temperature {temperature:.2f}): its expected
calibration error is {after:.4f}, {before:.4f} without.

## Limits

Latin script, digits, punctuation and currency signs only. The case of SROIE's letters was restored from another
reader's answers, since its labels are in capitals. Photographs were learnt from synthetic ones alone.
"""


def fixture(net, record):
    """What the network gives for a recorded line: best classes and their probabilities."""
    line = json.loads(record.read_text())["line"]
    grey = np.array(line["grey"], np.int64).reshape(HEIGHT, line["width"])
    # As the Rust test tints it: red as drawn, green and blue darker; the network takes blue first.
    image = np.stack([grey * part // 10 for part in (8, 9, 10)]).astype(np.float32) / 127.5 - 1
    with torch.no_grad():
        probabilities = net(torch.from_numpy(image)[None])[0].softmax(1)
    best = probabilities.argmax(1)
    return {"width": line["width"], "grey": line["grey"], "best": best.tolist(),
            "probability": [round(float(p[b]), 5) for p, b in zip(probabilities, best)]}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--name", default="slipstream-receipts-rec", help="what the network is called")
    p.add_argument("--start", type=Path, required=True, help="folder of the recogniser that the first run started from")
    p.add_argument("--blend", type=float, default=1.0, help="share of the run in the weights; the rest is of --start, which must have the same layers")
    p.add_argument("--run", type=Path, required=True, help="the --out folder of a training run")
    p.add_argument("--sroie", type=Path, required=True, help="folder with img/, box/ and key/, whose validation part calibrates")
    p.add_argument("--synthetic-validation", type=Path, required=True, help="folder with manifest.jsonl and images/")
    p.add_argument("--weights", type=Path, required=True, help="folder for model.safetensors, config.json, CARD.md")
    p.add_argument("--line", type=Path, required=True, help="the fixture of a recogniser whose line is used again")
    p.add_argument("--fixture", type=Path, required=True, help="file for the parity fixture")
    args = p.parse_args()

    state = torch.load(args.run / "checkpoint.pt", weights_only=False)
    tensors = {name: value.contiguous() for name, value in state["average"].items()}
    started, before = started_from(args.start)
    if args.blend < 1:
        # Between both, a network keeps more of what it knew of pictures that the run did not show it (Wortsman et al.,
        # arXiv 2109.01903).
        tensors = {name: torch.lerp(before[name], value, args.blend) for name, value in tensors.items()}
    sroie = Sroie(args.sroie)
    _, validation = sroie.split(set())
    corpora = [(load(sroie_jobs(sroie, validation, {}, {})), True), (load(manifest_jobs(args.synthetic_validation)), False)]
    corpora = [(lines[:: max(1, len(lines) // CALIBRATED)], capitals) for lines, capitals in corpora]
    temperature, before, after = fit(build(state["structure"], tensors).eval(), corpora)
    print(f"temperature {temperature:.2f}: calibration error {before:.4f} -> {after:.4f}")
    for name in ("head.weight", "head.bias"):
        tensors[name] = tensors[name] / temperature
    half = {name: value.half().contiguous() for name, value in tensors.items()}
    net = build(state["structure"], half).eval()
    args.weights.mkdir(parents=True, exist_ok=True)
    save_file(half, args.weights / "model.safetensors")
    (args.weights / "model.safetensors").chmod(0o644)  # the library writes it for its owner alone
    (args.weights / "int8.safetensors").unlink(missing_ok=True)  # fitted to other weights; `slipstream calibrate` makes it anew
    config = {"task": "recognition", "name": args.name, "structure": state["structure"], "height": HEIGHT, "min_width": NARROWEST,
              "classes": CLASSES, "licence": "Apache-2.0"}
    (args.weights / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    learnt_from = json.loads((args.run / "manifest.json").read_text(encoding="utf-8"))["files"]
    (args.weights / "manifest.sha256").write_text("".join(f"{f['sha256']}  {f['file']}\n" for f in learnt_from), encoding="utf-8")
    rows = [f"| {n} | {a:.2f} | {b:.2f} | {c:.1f} |" for n, (a, b, c) in state["results"].items()]
    head = ["| lines | character error %, with spaces | without | exact % without spaces |", "|---|---|---|---|"]
    structure = state["structure"]
    layers = lambda described: (described.get("context") or described).get("layers", 0)
    card = CARD.format(
        name=args.name, started=started["name"], seed=state["config"]["seed"], steps=state["step"], classes=len(CLASSES), results="\n".join(head + rows),
        parameters=sum(v.numel() for v in half.values()), sroie=sum(f["file"].endswith(".csv") for f in learnt_from),
        temperature=temperature, before=before, after=after, blocks=len(structure["blocks"]) - len(started["structure"]["blocks"]),
        layers=layers(structure) - layers(started["structure"]),
    )
    (args.weights / "CARD.md").write_text(card, encoding="utf-8")
    args.fixture.parent.mkdir(parents=True, exist_ok=True)
    args.fixture.write_text(json.dumps(fixture(net, args.line), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
