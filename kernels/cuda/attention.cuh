// Multi-head self-attention along one row, heads of sixteen channels, with a softmax that is carried along (Milakov and
// Gimelshein, arXiv 1805.02867; Dao et al., arXiv 2205.14135): scores never leave the registers.
//
// Sequences here are short (a line has a step for every eight pixels) and heads narrow, so plain multiply-adds do: a
// thread has one query, and all threads of a block read the same key at the same time.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int ATTENTION_THREADS = 64;
constexpr int HEAD = 16;

struct alignas(16) AttentionMemory {
    float keys[ATTENTION_THREADS][HEAD], values[ATTENTION_THREADS][HEAD];
};

__device__ inline void load_head(const half* from, float (&values)[HEAD]) {
    float part[VECTOR];
#pragma unroll
    for (int i = 0; i < HEAD; i += VECTOR) {
        load(from + i, part);
#pragma unroll
        for (int c = 0; c < VECTOR; c++) values[i + c] = part[c];
    }
}

// Grid: columns / 64, heads, images.
KERNEL(attention, ATTENTION_THREADS, AttentionArguments) {
    SHARED(AttentionMemory, memory);
    const int pitch = 3 * a.heads * HEAD;
    const half* row = a.input + static_cast<size_t>(blockIdx.z) * a.columns * pitch + blockIdx.y * HEAD;
    const int own = blockIdx.x * ATTENTION_THREADS + threadIdx.x;
    float query[HEAD] = {}, mixed[HEAD] = {};
    if (own < a.columns) load_head(row + static_cast<size_t>(own) * pitch, query);
#pragma unroll
    for (int c = 0; c < HEAD; c++) query[c] *= a.scale;
    float largest = -LARGEST_HALF, total = 0.0f;
    for (int first = 0; first < a.columns; first += ATTENTION_THREADS) {
        const int column = first + threadIdx.x;
        if (column < a.columns) {
            const half* at = row + static_cast<size_t>(column) * pitch;
            load_head(at + a.heads * HEAD, memory.keys[threadIdx.x]);
            load_head(at + 2 * a.heads * HEAD, memory.values[threadIdx.x]);
        }
        __syncthreads();
        const int count = min(ATTENTION_THREADS, a.columns - first);
        for (int i = 0; i < count; i++) {
            float score = 0.0f;
#pragma unroll
            for (int c = 0; c < HEAD; c++) score += query[c] * memory.keys[i][c];
            const float higher = fmaxf(largest, score);
            const float kept = __expf(largest - higher), weight = __expf(score - higher);
            largest = higher;
            total = total * kept + weight;
#pragma unroll
            for (int c = 0; c < HEAD; c++) mixed[c] = mixed[c] * kept + weight * memory.values[i][c];
        }
        // The next keys take their place.
        __syncthreads();
    }
    if (own >= a.columns) return;
    half* output = a.output + (static_cast<size_t>(blockIdx.z) * a.columns + own) * a.heads * HEAD + blockIdx.y * HEAD;
#pragma unroll
    for (int i = 0; i < HEAD; i += VECTOR) {
        float part[VECTOR];
#pragma unroll
        for (int c = 0; c < VECTOR; c++) part[c] = mixed[i + c] / total;
        store(output + i, part);
    }
}

}  // namespace slipstream
