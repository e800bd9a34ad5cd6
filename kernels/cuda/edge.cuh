// Where floats of the host become activations, and activations floats.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int EDGE_THREADS = 256;

// Grid: pixels over threads. The image's five channels of padding are zero.
KERNEL(from_floats, EDGE_THREADS, FloatsArguments) {
    const int pixel = blockIdx.x * EDGE_THREADS + threadIdx.x;
    if (pixel >= a.pixels) return;
    float values[VECTOR] = {};
#pragma unroll
    for (int c = 0; c < 3; c++) values[c] = a.input[static_cast<size_t>(pixel) * 3 + c];
    store(a.output + static_cast<size_t>(pixel) * VECTOR, values);
}

// Grid: values over threads.
KERNEL(to_floats, EDGE_THREADS, ResultArguments) {
    const size_t index = static_cast<size_t>(blockIdx.x) * EDGE_THREADS + threadIdx.x;
    const size_t pixel = index / a.inputs;
    const int channel = static_cast<int>(index % a.inputs);
    if (pixel >= static_cast<size_t>(a.pixels)) return;
    const float value = __half2float(a.input[pixel * a.channels + channel]);
    if (a.shuffle == 0) {
        a.output[index] = value;
    } else {
        const size_t y = pixel / a.columns * 2 + channel / 2, x = pixel % a.columns * 2 + channel % 2;
        a.output[y * a.columns * 2 + x] = value;
    }
}

}  // namespace slipstream
