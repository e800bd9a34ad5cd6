// Pooling, sums and enlargement; each thread gives eight channels of one pixel.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int POOL_THREADS = 256;

// A pixel of the output and eight of its channels; `live` is false behind the end.
struct PoolPlace {
    int image, y, x, channel;
    size_t output;
    bool live;

    __device__ PoolPlace(const PoolArguments& a) {
        const size_t index = static_cast<size_t>(blockIdx.x) * POOL_THREADS + threadIdx.x;
        const int vectors = a.channels / VECTOR;
        const size_t pixel = index / vectors;
        channel = static_cast<int>(index % vectors) * VECTOR;
        x = static_cast<int>(pixel % a.columns);
        y = static_cast<int>(pixel / a.columns % a.rows);
        live = pixel / a.columns / a.rows < static_cast<size_t>(a.images);
        image = live ? static_cast<int>(pixel / a.columns / a.rows) : 0;
        output = pixel * a.channels + channel;
    }

    // Where pixel (x, y) of an input begins, at the channel.
    __device__ size_t at(int height, int width, int channels, int row, int column) const {
        return ((static_cast<size_t>(image) * height + row) * width + column) * channels + channel;
    }
};

// Largest of 2×2 pixels at stride 1; beyond the right and the lower edge stands zero.
KERNEL(pool_largest, POOL_THREADS, PoolArguments) {
    const PoolPlace place(a);
    if (!place.live) return;
    float largest[VECTOR];
    load(a.input + place.at(a.height, a.width, a.channels, place.y, place.x), largest);
#pragma unroll
    for (int i = 1; i < 4; i++) {
        const int y = place.y + i / 2, x = place.x + i % 2;
        float values[VECTOR] = {};
        if (y < a.height && x < a.width) load(a.input + place.at(a.height, a.width, a.channels, y, x), values);
#pragma unroll
        for (int c = 0; c < VECTOR; c++) largest[c] = fmaxf(largest[c], values[c]);
    }
    store(a.output + place.output, largest);
}

// Mean of windows that do not overlap.
KERNEL(pool_mean, POOL_THREADS, PoolArguments) {
    const PoolPlace place(a);
    if (!place.live) return;
    float sums[VECTOR] = {};
    for (int y = place.y * a.down; y < (place.y + 1) * a.down; y++) {
        for (int x = place.x * a.across; x < (place.x + 1) * a.across; x++) {
            add(a.input + place.at(a.height, a.width, a.channels, y, x), sums);
        }
    }
    const float share = 1.0f / static_cast<float>(a.down * a.across);
#pragma unroll
    for (int c = 0; c < VECTOR; c++) sums[c] *= share;
    store(a.output + place.output, sums);
}

// Every pixel `down` × `across` times.
KERNEL(enlarge, POOL_THREADS, PoolArguments) {
    const PoolPlace place(a);
    if (!place.live) return;
    float values[VECTOR];
    load(a.input + place.at(a.height, a.width, a.channels, place.y / a.down, place.x / a.across), values);
    store(a.output + place.output, values);
}

// The input plus the other one, enlarged; the output may be smaller than the input.
KERNEL(add_enlarged, POOL_THREADS, PoolArguments) {
    const PoolPlace place(a);
    if (!place.live) return;
    float values[VECTOR];
    load(a.input + place.at(a.height, a.width, a.channels, place.y, place.x), values);
    add(a.other + place.at(a.other_height, a.other_width, a.channels, place.y / a.down, place.x / a.across), values);
    store(a.output + place.output, values);
}

}  // namespace slipstream
