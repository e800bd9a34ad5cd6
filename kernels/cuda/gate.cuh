// Squeeze-and-excitation (Hu et al., arXiv 1709.01507): means of channels, two small layers, and the product.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int MEAN_THREADS = 256;
// Vectors of channels that a block sums up, and pixels that it does so of at once.
constexpr int MEAN_VECTORS = 8;
constexpr int MEAN_PIXELS = MEAN_THREADS / MEAN_VECTORS;

using MeanMemory = float[MEAN_PIXELS][MEAN_VECTORS * VECTOR + 4];

// Grid: channels / 64, images. Sums are in f32, in the same order every time.
KERNEL(channel_means, MEAN_THREADS, MeanArguments) {
    SHARED(MeanMemory, parts);
    const int vector = threadIdx.x % MEAN_VECTORS, first = threadIdx.x / MEAN_VECTORS;
    const int channel = (blockIdx.x * MEAN_VECTORS + vector) * VECTOR;
    float sums[VECTOR] = {};
    if (channel < a.channels) {
        const half* input = a.input + static_cast<size_t>(blockIdx.y) * a.pixels * a.channels + channel;
        for (int pixel = first; pixel < a.pixels; pixel += MEAN_PIXELS) {
            add(input + static_cast<size_t>(pixel) * a.channels, sums);
        }
    }
#pragma unroll
    for (int c = 0; c < VECTOR; c++) parts[first][vector * VECTOR + c] = sums[c];
    __syncthreads();
    const int own = blockIdx.x * MEAN_VECTORS * VECTOR + threadIdx.x;
    if (threadIdx.x < MEAN_VECTORS * VECTOR && own < a.channels) {
        float sum = 0.0f;
        for (int i = 0; i < MEAN_PIXELS; i++) sum += parts[i][threadIdx.x];
        a.means[static_cast<size_t>(blockIdx.y) * a.channels + own] = sum / static_cast<float>(a.pixels);
    }
}

constexpr int GATE_THREADS = 256;
// Hidden values that fit; src/device/lower.rs refuses more.
constexpr int MOST_HIDDEN = 512;

using GateMemory = float[MOST_HIDDEN];

// Grid: images. Hard sigmoid of the second layer, and one more where the input itself is added.
KERNEL(gates, GATE_THREADS, GateArguments) {
    SHARED(GateMemory, hidden);
    const float* means = a.means + static_cast<size_t>(blockIdx.x) * a.channels;
    const int lane = threadIdx.x % WARP;
    for (int i = threadIdx.x / WARP; i < a.hidden; i += GATE_THREADS / WARP) {
        float sum = 0.0f;
        for (int c = lane; c < a.inputs; c += WARP) sum += a.squeeze[static_cast<size_t>(i) * a.inputs + c] * means[c];
        sum = warp_sum(sum);
        if (lane == 0) hidden[i] = fmaxf(sum + a.squeeze_bias[i], 0.0f);
    }
    __syncthreads();
    for (int c = threadIdx.x; c < a.channels; c += GATE_THREADS) {
        float gate = 0.0f;
        if (c < a.inputs) {
            float sum = a.excite_bias[c];
            for (int i = 0; i < a.hidden; i++) sum += a.excite[static_cast<size_t>(c) * a.hidden + i] * hidden[i];
            gate = fminf(fmaxf(sum * a.slope + 0.5f, 0.0f), 1.0f) + (a.skip != 0 ? 1.0f : 0.0f);
        }
        a.gates[static_cast<size_t>(blockIdx.x) * a.channels + c] = gate;
    }
}

constexpr int SCALE_THREADS = 256;

// Grid: vectors over threads.
KERNEL(scale_channels, SCALE_THREADS, ScaleArguments) {
    const int index = blockIdx.x * SCALE_THREADS + threadIdx.x;
    if (index >= a.vectors) return;
    const int channel = index % (a.channels / VECTOR) * VECTOR;
    float values[VECTOR], gate[VECTOR];
    load(a.input + static_cast<size_t>(index) * VECTOR, values);
    load(a.gates + static_cast<size_t>(index / a.vectors_of_image) * a.channels + channel, gate);
#pragma unroll
    for (int c = 0; c < VECTOR; c++) values[c] *= gate[c];
    store(a.output + static_cast<size_t>(index) * VECTOR, values);
}

}  // namespace slipstream
