"""Reads receipts with faster-paddle and writes what it read and how long it took, in a process of its own.

usage: run_faster_paddle.py SIZE DATA IDS OUT --threads N [--batch N]

SIZE is tiny or small; DATA/img/ID.jpg are the receipts, IDS is a file of ids. Needs `pip install faster-paddle==1.0.4`.
OUT gets what `slipstream eval ocr --report` writes as well. Its setting is its fastest: long side 960. With --batch the
receipts are handed over together.
"""

import argparse
import json
import pathlib
import resource
import statistics
import time

from faster_paddle import OcrEngine

DETECTION_SIDE = 960


def lines(reading):
    out = []
    for found in reading["bounds"].values():
        (left, top), (right, bottom) = found["topLeftCoord"], found["bottomRightCoord"]
        quad = [[left, top], [right, top], [right, bottom], [left, bottom]]
        out.append({"quad": quad, "text": found["text"], "score": float(found["confidence"])})
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("size", choices=["tiny", "small"])
    p.add_argument("data", type=pathlib.Path)
    p.add_argument("ids", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--batch", type=int, default=0)
    a = p.parse_args()
    engine = OcrEngine(model_size=a.size, threads=a.threads, det_max_side=DETECTION_SIDE, det_min_side=0)
    ids = a.ids.read_text().split()
    images = [(a.data / "img" / f"{i}.jpg").read_bytes() for i in ids]
    engine.ocr(images[0])  # not measured: memory and threads warm up
    wall, cpu, took = time.perf_counter(), time.process_time(), []
    if a.batch:
        read = [lines(r) for r in engine.ocr_batch(images, batch_size=a.batch)]
        took = [(time.perf_counter() - wall) / len(images)] * len(images)
    else:
        read = []
        for image in images:
            started = time.perf_counter()
            read.append(lines(engine.ocr(image)))
            took.append(time.perf_counter() - started)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report = {
        "peer": f"faster-paddle-{a.size}", "threads": a.threads, "n": len(ids), "wall_s": wall, "cpu_s": cpu,
        "median_s": statistics.median(took), "receipts_per_s": len(ids) / wall,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "results": [{"id": i, "sec": s, "lines": r} for i, s, r in zip(ids, took, read)],
    }
    a.out.write_text(json.dumps(report))


if __name__ == "__main__":
    main()
