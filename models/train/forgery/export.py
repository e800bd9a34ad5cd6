"""Writes a trained classifier for Rust: run `python -m forgery.export --help` in `models/train`.

`model.safetensors` (f16), `config.json`, `CARD.md`, `manifest.sha256`, and a fixture against which the Rust code is
tested: an invented page with an edit, and the logits that PyTorch gives for it in single precision.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from .evaluate import load, map_of, shown
from .net import folded
from .treatments import jpeg
from .verdict import score

NAME = "slipstream-forgery"
MAX_PIXELS = 3_000_000


def tensors_of(net):
    """Tensors by the names that Rust knows, normalisations folded, the two streams of the stem in one filter."""
    b, out = net.backbone, {}
    half = b.seen.weight.shape[0]
    stem = torch.zeros(2 * half, 3, 3, 3)
    stem[:half, 0::2], stem[half:, 1:2] = b.seen.weight.detach(), b.noise.weight.detach()
    out["stem.weight"], out["stem.bias"] = folded(b.stem_norm, stem)
    for level in ("fine", "coarse", "wide"):
        for i, block in enumerate(getattr(b, level)):
            for part in ("depthwise", "project"):
                conv, norm = getattr(block, part)
                out[f"{level}.{i}.{part}.weight"], out[f"{level}.{i}.{part}.bias"] = folded(norm, conv.weight)
    out["out.weight"], out["out.bias"] = b.out.weight, b.out.bias
    for i, layer in enumerate(net.head.layers):
        out[f"head.{i}.weight"], out[f"head.{i}.bias"] = layer.weight, layer.bias
    return {name: value.detach().half().contiguous() for name, value in out.items()}


def invented(seed):
    """A page of print on noisy paper, saved as JPEG, with a number copied over another; grey, 8 bits."""
    rng = np.random.default_rng(seed)
    grey = (225 + rng.normal(0, 3, (136, 208))).astype(np.float32)
    image = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, 2)
    for n, text in enumerate(("CORNER SHOP", "BREAD 2 x 1.25   2.50", "MILK              0.99", "TOTAL             3.49")):
        cv2.putText(image, text, (10, 34 + 32 * n), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 44), 1, cv2.LINE_AA)
    image = jpeg(image, 85)
    image[114:134, 155:195] = image[52:72, 156:196]
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def tinted(grey):
    """As the Rust test tints it, so that a wrong order of channels shows: red as drawn, green and blue darker."""
    return np.stack([(grey.astype(np.int64) * part // 20).astype(np.uint8) for part in (18, 19, 20)], 2)


def card(args, config, verdict, parameters, step):
    results = json.loads(args.results.read_text())
    text = args.card.read_text(encoding="utf-8")
    learnt = json.loads((args.run / "manifest.json").read_text())["files"]
    tables = {f"table_{source}": shown(rows) for source, rows in results.items()}
    tables |= {f"pages_{source}": next(iter(rows.values()))["genuine"] for source, rows in results.items()}
    return text.format(
        name=NAME, seed=config["seed"], parameters=f"{parameters:,}", steps=f"{step:,}", threshold=verdict["threshold"],
        sroie=sum(f["file"].startswith("img/") for f in learnt), **tables,
    )


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, required=True, help="the --out folder of a training run that `forgery.evaluate` has looked at")
    p.add_argument("--results", type=Path, required=True, help="the --json of `forgery.evaluate`")
    p.add_argument("--card", type=Path, default=Path(__file__).with_name("CARD.template.md"))
    p.add_argument("--weights", type=Path, required=True, help="folder for model.safetensors, config.json, CARD.md")
    p.add_argument("--fixture", type=Path, required=True, help="file for the parity fixture")
    args = p.parse_args()
    net, config = load(args.run / "checkpoint.pt")
    step = torch.load(args.run / "checkpoint.pt", weights_only=False)["step"]
    verdict = json.loads((args.run / "verdict.json").read_text())
    half = tensors_of(net)
    parameters = sum(v.numel() for v in half.values())
    args.weights.mkdir(parents=True, exist_ok=True)
    save_file(half, args.weights / "model.safetensors")
    (args.weights / "model.safetensors").chmod(0o644)  # the library writes it for its owner alone
    spec = config["network"]
    structure = {name: spec[name] for name in ("fine_blocks", "coarse_blocks", "wide_blocks", "embedding", "gates", "window")}
    described = {"task": "forgery", "name": NAME, "structure": structure, "max_pixels": MAX_PIXELS, "verdict": verdict, "licence": "Apache-2.0"}
    (args.weights / "config.json").write_text(json.dumps(described, indent=1) + "\n")
    learnt = json.loads((args.run / "manifest.json").read_text())["files"]
    (args.weights / "manifest.sha256").write_text("".join(f"{f['sha256']}  {f['file']}\n" for f in learnt))
    (args.weights / "CARD.md").write_text(card(args, config, verdict, parameters, step), encoding="utf-8")

    grey = invented(config["seed"])
    logits = map_of(net, tinted(grey), exact=True)
    record = {"width": grey.shape[1], "height": grey.shape[0], "grey": grey.ravel().tolist(),
              "logits": [round(float(v), 4) for v in logits.ravel()], "score": round(score(logits, verdict), 5)}
    args.fixture.parent.mkdir(parents=True, exist_ok=True)
    args.fixture.write_text(json.dumps(record) + "\n")
    print(f"{parameters:,} parameters, score of the fixture {record['score']}")


if __name__ == "__main__":
    main()
