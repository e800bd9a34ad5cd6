// What all kernels share: types, vectors of eight channels, activations, sums over a warp.
//
// The same sources are compiled by nvcc for cards and, with host/emulate.h in the place of CUDA's headers, by a C++
// compiler for tests without a card.
#pragma once

#ifdef __CUDACC__
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <mma.h>

// A kernel with one parameter, a structure of arguments.cuh. All of its blocks have `threads` threads.
#define KERNEL(name, threads, Arguments)                                                                              \
    extern "C" __global__ void __launch_bounds__(threads) name(const __grid_constant__ Arguments a)
// Memory of a block: `name` of type `Type`.
#define SHARED(Type, name) __shared__ Type name
#else
#include "host/emulate.h"
#endif

namespace slipstream {

// Channels that are loaded and stored at once: 16 bytes. Activations are [image][row][column][channel] in f16, with
// their channels padded to a multiple of this; padding may hold any finite value, and weights of padding are zero.
constexpr int VECTOR = 8;

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

// Largest f16; what is beyond it would be infinite, and infinities become NaN in sums.
constexpr float LARGEST_HALF = 65504.0f;

__device__ inline half to_half(float value) { return __float2half_rn(fminf(fmaxf(value, -LARGEST_HALF), LARGEST_HALF)); }

// Eight channels as they are loaded and stored, and as pairs.
union Bits {
    uint4 whole;
    half2 pairs[VECTOR / 2];
};

// Eight values from a 16-byte aligned address.
__device__ inline void load(const half* from, float (&values)[VECTOR]) {
    Bits bits;
    bits.whole = *reinterpret_cast<const uint4*>(from);
#pragma unroll
    for (int i = 0; i < VECTOR / 2; i++) {
        const float2 pair = __half22float2(bits.pairs[i]);
        values[2 * i] = pair.x;
        values[2 * i + 1] = pair.y;
    }
}

__device__ inline void load(const float* from, float (&values)[VECTOR]) {
    const float4 first = reinterpret_cast<const float4*>(from)[0];
    const float4 second = reinterpret_cast<const float4*>(from)[1];
    values[0] = first.x, values[1] = first.y, values[2] = first.z, values[3] = first.w;
    values[4] = second.x, values[5] = second.y, values[6] = second.z, values[7] = second.w;
}

__device__ inline void store(half* to, const float (&values)[VECTOR]) {
    Bits bits;
#pragma unroll
    for (int i = 0; i < VECTOR / 2; i++) {
        bits.pairs[i] = __halves2half2(to_half(values[2 * i]), to_half(values[2 * i + 1]));
    }
    *reinterpret_cast<uint4*>(to) = bits.whole;
}

__device__ inline void add(const half* from, float (&values)[VECTOR]) {
    float others[VECTOR];
    load(from, others);
#pragma unroll
    for (int i = 0; i < VECTOR; i++) values[i] += others[i];
}

// The numbers of `Activation` in src/network.rs, as src/device/arguments.rs gives them.
enum Activation : int { NONE = 0, RELU = 1, GELU = 2, SIGMOID = 3, SILU = 4, HARD_SWISH = 5 };

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + __expf(-x)); }

__device__ inline float activate(int activation, float x) {
    switch (activation) {
    case RELU: return fmaxf(x, 0.0f);
    case GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    case SIGMOID: return sigmoid(x);
    case SILU: return x * sigmoid(x);
    case HARD_SWISH: return x * fminf(fmaxf(x * (1.0f / 6.0f) + 0.5f, 0.0f), 1.0f);
    default: return x;
    }
}

__device__ inline float warp_sum(float value) {
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) value += __shfl_xor_sync(ALL_LANES, value, lanes);
    return value;
}

__device__ inline float warp_max(float value) {
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, lanes));
    return value;
}

}  // namespace slipstream
