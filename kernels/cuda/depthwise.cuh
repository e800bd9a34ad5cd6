// Depthwise convolution: a thread computes eight channels of neighbouring pixels of one row, so that it loads an input
// pixel once for all taps of a row and a row of taps once for all its pixels.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int DEPTHWISE_THREADS = 128;

// Pixels of a thread; src/device/lower.rs divides rows by it.
constexpr int STRIP = 4;

template <int ACROSS, int STRIDE> __device__ void convolve_depthwise(const DepthwiseArguments& a) {
    const int vectors = a.channels / VECTOR, strips = (a.columns + STRIP - 1) / STRIP;
    const size_t index = static_cast<size_t>(blockIdx.x) * DEPTHWISE_THREADS + threadIdx.x;
    const int channel = static_cast<int>(index % vectors) * VECTOR;
    const int first = static_cast<int>(index / vectors % strips) * STRIP;
    // Rows of all images follow each other.
    const size_t row = index / vectors / strips;
    if (row >= static_cast<size_t>(a.images) * a.rows) return;
    const int image = static_cast<int>(row / a.rows), y = static_cast<int>(row % a.rows) * a.stride_y - a.pad_y;
    const int left = first * STRIDE - a.pad_x;

    float sums[STRIP][VECTOR];
#pragma unroll
    for (int i = 0; i < STRIP; i++) load(a.bias + channel, sums[i]);
    for (int down = 0; down < a.down; down++) {
        if (y + down < 0 || y + down >= a.height) continue;
        const half* input = a.input + (static_cast<size_t>(image) * a.height + y + down) * a.width * a.channels + channel;
        float weights[ACROSS][VECTOR];
#pragma unroll
        for (int tap = 0; tap < ACROSS; tap++) load(a.weights + (down * ACROSS + tap) * a.channels + channel, weights[tap]);
#pragma unroll
        for (int i = 0; i < (STRIP - 1) * STRIDE + ACROSS; i++) {
            const int x = left + i;
            if (x < 0 || x >= a.width) continue;
            float values[VECTOR];
            load(input + static_cast<size_t>(x) * a.channels, values);
#pragma unroll
            for (int pixel = 0; pixel < STRIP; pixel++) {
                const int tap = i - pixel * STRIDE;
                if (tap < 0 || tap >= ACROSS) continue;
#pragma unroll
                for (int c = 0; c < VECTOR; c++) sums[pixel][c] += values[c] * weights[tap][c];
            }
        }
    }
#pragma unroll
    for (int i = 0; i < STRIP; i++) {
        if (first + i >= a.columns) break;
#pragma unroll
        for (int c = 0; c < VECTOR; c++) sums[i][c] = activate(a.activation, sums[i][c]);
        const size_t place = (row * a.columns + first + i) * a.channels + channel;
        if (a.residual != nullptr) add(a.residual + place, sums[i]);
        store(a.output + place, sums[i]);
    }
}

// Grid: strips of all rows times vectors, over threads. Named by their filter's columns and their horizontal stride; a
// filter of one column gets two of zeros.
KERNEL(depthwise_3_1, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<3, 1>(a); }
KERNEL(depthwise_5_1, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<5, 1>(a); }
KERNEL(depthwise_7_1, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<7, 1>(a); }
KERNEL(depthwise_9_1, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<9, 1>(a); }
KERNEL(depthwise_3_2, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<3, 2>(a); }
KERNEL(depthwise_5_2, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<5, 2>(a); }
KERNEL(depthwise_7_2, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<7, 2>(a); }
KERNEL(depthwise_9_2, DEPTHWISE_THREADS, DepthwiseArguments) { convolve_depthwise<9, 2>(a); }

}  // namespace slipstream
