// Dense convolution as a product of matrices whose left side is never written down (implicit GEMM): each block gathers
// the pixels under the filter tile by tile, two tiles deep, and multiplies on tensor cores, f16 to f32.
//
// 1×1 convolutions, concatenated and enlarged inputs, and transposed 2×2 convolutions (four 1×1 ones whose results are
// scattered) are the same kernel: a table says for every eight rows of the weights where their channels are.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int CONV_THREADS = 128;
// Rows of the weights that a step multiplies.
constexpr int CONV_DEPTH = 32;
// Of a warp's part of the result, both ways.
constexpr int WARP_TILE = 32;
// Side of what tensor cores multiply at once.
constexpr int FRAGMENT = 16;
// Columns that keep rows of a tile in different banks.
constexpr int SKEW_HALVES = 8;
constexpr int SKEW_FLOATS = 4;

template <int PIXELS, int FILTERS> struct alignas(128) ConvMemory {
    union {
        struct {
            half pixels[2][PIXELS][CONV_DEPTH + SKEW_HALVES];
            half weights[2][CONV_DEPTH][FILTERS + SKEW_HALVES];
        } in;
        float out[PIXELS][FILTERS + SKEW_FLOATS];
    };
};

// Gathers one step's pixels and weights into half `to` of the block's memory.
template <int PIXELS, int FILTERS> struct ConvLoader {
    static constexpr int VECTORS_OF_PIXEL = CONV_DEPTH / VECTOR;
    static constexpr int PIXEL_STRIDE = CONV_THREADS / VECTORS_OF_PIXEL;
    static constexpr int PIXELS_OF_THREAD = PIXELS / PIXEL_STRIDE;
    static constexpr int VECTORS_OF_ROW = FILTERS / VECTOR;
    static constexpr int WEIGHTS_OF_THREAD = CONV_DEPTH * VECTORS_OF_ROW / CONV_THREADS;
    // Above every pixel, so that nothing of it is inside of its image.
    static constexpr int OUTSIDE = -(1 << 20);

    int image[PIXELS_OF_THREAD], y[PIXELS_OF_THREAD], x[PIXELS_OF_THREAD];

    __device__ ConvLoader(const ConvArguments& a) {
        const int first = blockIdx.x * PIXELS + threadIdx.x / VECTORS_OF_PIXEL;
#pragma unroll
        for (int i = 0; i < PIXELS_OF_THREAD; i++) {
            const int pixel = first + i * PIXEL_STRIDE;
            const int row = pixel / a.columns;
            image[i] = row / a.rows;
            y[i] = pixel < a.pixels ? row % a.rows * a.stride_y : OUTSIDE;
            x[i] = pixel % a.columns * a.stride_x;
        }
    }

    __device__ void load(const ConvArguments& a, ConvMemory<PIXELS, FILTERS>& memory, int step, int to) const {
        const int vector = threadIdx.x % VECTORS_OF_PIXEL;
        const int first = threadIdx.x / VECTORS_OF_PIXEL;
        const int4 tap = a.taps[step * VECTORS_OF_PIXEL + vector];
        const Source& source = a.sources[max(tap.z, 0)];
        const int height = source.height << source.shift, width = source.width << source.shift;
#pragma unroll
        for (int i = 0; i < PIXELS_OF_THREAD; i++) {
            const int sy = y[i] + tap.x, sx = x[i] + tap.y;
            const bool inside = tap.z >= 0 && sy >= 0 && sy < height && sx >= 0 && sx < width;
            const size_t pixel =
                (static_cast<size_t>(image[i]) * source.height + (sy >> source.shift)) * source.width + (sx >> source.shift);
            const half* from = inside ? source.data + pixel * source.channels + tap.w : source.data;
            half* place = &memory.in.pixels[to][first + i * PIXEL_STRIDE][vector * VECTOR];
            __pipeline_memcpy_async(place, from, sizeof(uint4), inside ? 0 : sizeof(uint4));
        }
        const half* weights = a.weights + static_cast<size_t>(blockIdx.z) * a.depth * a.filters + blockIdx.y * FILTERS;
#pragma unroll
        for (int i = 0; i < WEIGHTS_OF_THREAD; i++) {
            const int row = (threadIdx.x + i * CONV_THREADS) / VECTORS_OF_ROW;
            const int column = (threadIdx.x + i * CONV_THREADS) % VECTORS_OF_ROW * VECTOR;
            const half* from = weights + static_cast<size_t>(step * CONV_DEPTH + row) * a.filters + column;
            __pipeline_memcpy_async(&memory.in.weights[to][row][column], from, sizeof(uint4));
        }
        __pipeline_commit();
    }
};

// Adds the bias, applies the activation, adds the residual and stores what a block has computed.
template <int PIXELS, int FILTERS>
__device__ void store_convolved(const ConvArguments& a, const ConvMemory<PIXELS, FILTERS>& memory) {
    constexpr int VECTORS_OF_ROW = FILTERS / VECTOR;
    const int scatter_y = blockIdx.z / a.scatter, scatter_x = blockIdx.z % a.scatter;
    for (int i = threadIdx.x; i < PIXELS * VECTORS_OF_ROW; i += CONV_THREADS) {
        const int row = i / VECTORS_OF_ROW, column = i % VECTORS_OF_ROW * VECTOR;
        const int pixel = blockIdx.x * PIXELS + row, channel = blockIdx.y * FILTERS + column;
        if (pixel >= a.pixels || channel >= a.channels) continue;
        float values[VECTOR], bias[VECTOR];
        load(&memory.out[row][column], values);
        load(a.bias + channel, bias);
#pragma unroll
        for (int c = 0; c < VECTOR; c++) values[c] = activate(a.activation, values[c] + bias[c]);
        // Rows of all images follow each other, before and after the scatter.
        const size_t y = static_cast<size_t>(pixel / a.columns) * a.scatter + scatter_y;
        const size_t x = static_cast<size_t>(pixel % a.columns) * a.scatter + scatter_x;
        const size_t place = (y * a.columns * a.scatter + x) * a.channels + channel;
        if (a.residual != nullptr) add(a.residual + place, values);
        store(a.output + place, values);
    }
}

template <int PIXELS, int FILTERS> __device__ void convolve(const ConvArguments& a, ConvMemory<PIXELS, FILTERS>& memory) {
    using namespace nvcuda;
    constexpr int WARPS_ACROSS = FILTERS / WARP_TILE;
    static_assert(PIXELS / WARP_TILE * WARPS_ACROSS * WARP == CONV_THREADS, "every warp has one part of the result");
    constexpr int PARTS = WARP_TILE / FRAGMENT;
    const int warp = threadIdx.x / WARP;
    const int down = warp / WARPS_ACROSS * WARP_TILE, across = warp % WARPS_ACROSS * WARP_TILE;

    wmma::fragment<wmma::accumulator, FRAGMENT, FRAGMENT, FRAGMENT, float> sums[PARTS][PARTS];
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
#pragma unroll
        for (int j = 0; j < PARTS; j++) wmma::fill_fragment(sums[i][j], 0.0f);
    }

    const ConvLoader<PIXELS, FILTERS> loader(a);
    const int steps = a.depth / CONV_DEPTH;
    loader.load(a, memory, 0, 0);
    for (int step = 0; step < steps; step++) {
        const int from = step % 2;
        if (step + 1 < steps) {
            loader.load(a, memory, step + 1, 1 - from);
            __pipeline_wait_prior(1);
        } else {
            __pipeline_wait_prior(0);
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < CONV_DEPTH; k += FRAGMENT) {
            wmma::fragment<wmma::matrix_a, FRAGMENT, FRAGMENT, FRAGMENT, half, wmma::row_major> pixels[PARTS];
            wmma::fragment<wmma::matrix_b, FRAGMENT, FRAGMENT, FRAGMENT, half, wmma::row_major> weights[PARTS];
#pragma unroll
            for (int i = 0; i < PARTS; i++) {
                wmma::load_matrix_sync(pixels[i], &memory.in.pixels[from][down + i * FRAGMENT][k], CONV_DEPTH + SKEW_HALVES);
                wmma::load_matrix_sync(weights[i], &memory.in.weights[from][k][across + i * FRAGMENT], FILTERS + SKEW_HALVES);
            }
#pragma unroll
            for (int i = 0; i < PARTS; i++) {
#pragma unroll
                for (int j = 0; j < PARTS; j++) wmma::mma_sync(sums[i][j], pixels[i], weights[j], sums[i][j]);
            }
        }
        // The next step but one overwrites what was just read; the result takes over all of it.
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
#pragma unroll
        for (int j = 0; j < PARTS; j++) {
            wmma::store_matrix_sync(&memory.out[down + i * FRAGMENT][across + j * FRAGMENT], sums[i][j], FILTERS + SKEW_FLOATS,
                                    wmma::mem_row_major);
        }
    }
    __syncthreads();
    store_convolved(a, memory);
}

// Grid: pixels / 128, filters / 32, scatter².
KERNEL(conv_32, CONV_THREADS, ConvArguments) {
    using Memory = ConvMemory<128, 32>;
    SHARED(Memory, memory);
    convolve(a, memory);
}

// Grid: pixels / 64, filters / 64, scatter².
KERNEL(conv_64, CONV_THREADS, ConvArguments) {
    using Memory = ConvMemory<64, 64>;
    SHARED(Memory, memory);
    convolve(a, memory);
}

}  // namespace slipstream
