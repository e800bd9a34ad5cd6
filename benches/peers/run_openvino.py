"""Runs a network with OpenVINO, a few times whenever it is asked to, and says how long each run took.

usage: run_openvino.py ONNX HEIGHTxWIDTH --threads N

Prints `ready`; then answers every number on standard input with the milliseconds of so many runs, as a line of JSON. The
shape is fixed and the precision f32, with the latency hint and one stream. Needs `pip install openvino`.
"""

import argparse
import json
import sys
import time

import numpy as np
import openvino


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("onnx")
    p.add_argument("size")
    p.add_argument("--threads", type=int, required=True)
    a = p.parse_args()
    height, width = map(int, a.size.split("x"))
    core = openvino.Core()
    model = core.read_model(a.onnx)
    model.reshape([1, 3, height, width])
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": a.threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    image = np.full((1, 3, height, width), 0.1, np.float32)
    request.infer([image])
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            started = time.perf_counter()
            request.infer([image])
            times.append((time.perf_counter() - started) * 1e3)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
