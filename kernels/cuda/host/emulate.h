// CUDA on a processor, for tests: enough of it to run the kernels of this folder as they are written.
//
// A block's threads are fibers that take turns at barriers and warp operations, in one of two orders, each warp as far
// ahead of the others as it can get, so that a result that depends on the order (a missing barrier) shows. Memory of a
// block starts as NaN or as huge numbers, which shows reads of what nobody wrote; asynchronous copies arrive as late as they may in one
// order, at once in the other; a barrier that some threads never reach, and fragments that are not aligned, are errors. What this cannot show: speed, races between blocks, the compiler's faults.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "fibers.h"

#define __device__
#define __restrict__
#define __forceinline__ inline

#define KERNEL(name, threads, Arguments)                                                                              \
    static void name(const Arguments& a);                                                                             \
    static const emulate::Registration registration_of_##name(                                                       \
        #name, threads, sizeof(Arguments), [](const void* a) { name(*static_cast<const Arguments*>(a)); });          \
    static void name(const Arguments& a)
#define SHARED(Type, name) Type& name = *static_cast<Type*>(emulate::shared(__LINE__, sizeof(Type)))

#define threadIdx (emulate::current()->index)
#define blockIdx (emulate::current()->block->index)
#define gridDim (emulate::current()->block->grid)

// ---- Numbers.

struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct half { _Float16 value; };
struct alignas(4) half2 { half x, y; };

inline half __float2half_rn(float value) { return {static_cast<_Float16>(value)}; }
inline half __float2half(float value) { return __float2half_rn(value); }
inline float __half2float(half value) { return static_cast<float>(value.value); }
inline float2 __half22float2(half2 pair) { return {__half2float(pair.x), __half2float(pair.y)}; }
inline half2 __halves2half2(half x, half y) { return {x, y}; }
inline float __expf(float x) { return expf(x); }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }

// ---- Barriers and what a warp does together.

inline void __syncthreads() { emulate::block_barrier(); }
inline void __syncwarp() { emulate::warp_barrier(); }

template <class T> T __shfl_sync(unsigned, T value, int lane) {
    static_assert(sizeof(T) <= 8, "values of a register or two");
    std::memcpy(&emulate::mailbox(emulate::lane()), &value, sizeof(T));
    emulate::warp_barrier();
    T result;
    std::memcpy(&result, &emulate::mailbox(lane & 31), sizeof(T));
    emulate::warp_barrier();
    return result;
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int lanes) {
    return __shfl_sync(mask, value, emulate::lane() ^ lanes);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
    unsigned bits = 0;
    for (int lane = 0; lane < 32; lane++) bits |= (__shfl_sync(mask, predicate, lane) != 0 ? 1u : 0u) << lane;
    return bits;
}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }

inline int atomicAdd(int* place, int value) { return __atomic_fetch_add(place, value, __ATOMIC_RELAXED); }

// ---- Copies into a block's memory that go on meanwhile (cuda_pipeline.h).

inline void __pipeline_memcpy_async(void* to, const void* from, size_t bytes, size_t zeros = 0) {
    emulate::require(reinterpret_cast<uintptr_t>(to) % bytes == 0 && reinterpret_cast<uintptr_t>(from) % bytes == 0,
                     "an asynchronous copy is not aligned");
    emulate::start_copy({to, from, bytes, zeros, emulate::current()->committed});
}
inline void __pipeline_commit() { emulate::current()->committed++; }
inline void __pipeline_wait_prior(int groups) { emulate::finish_copies(groups); }

// ---- Products of tiles (mma.h). A lane holds eight values of a tile; which ones is nobody's business.

namespace nvcuda {
namespace wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
enum layout_t { mem_row_major };

template <class Use, int M, int N, int K, class T, class Layout = void> struct fragment {
    static_assert(M == 16 && N == 16 && K == 16, "the size in use");
    static constexpr int num_elements = 8;
    T x[num_elements];
};

template <class F, class T> void fill_fragment(F& tile, T value) {
    for (auto& x : tile.x) x = value;
}

inline void check_tile(const void* place, unsigned pitch, size_t bytes) {
    emulate::require(reinterpret_cast<uintptr_t>(place) % 32 == 0, "a tile does not start at a multiple of 32 bytes");
    emulate::require(pitch * bytes % 16 == 0, "rows of a tile are not multiples of 16 bytes");
}

template <class Use, class T, class Layout>
void load_matrix_sync(fragment<Use, 16, 16, 16, T, Layout>& tile, const T* from, unsigned pitch) {
    check_tile(from, pitch, sizeof(T));
    emulate::warp_barrier();
    const int lane = emulate::lane();
    for (int i = 0; i < 8; i++) tile.x[i] = from[lane / 2 * pitch + lane % 2 * 8 + i];
}

inline void store_matrix_sync(float* to, const fragment<accumulator, 16, 16, 16, float>& tile, unsigned pitch, layout_t) {
    check_tile(to, pitch, sizeof(float));
    emulate::warp_barrier();
    const int lane = emulate::lane();
    for (int i = 0; i < 8; i++) to[lane / 2 * pitch + lane % 2 * 8 + i] = tile.x[i];
}

using A = fragment<matrix_a, 16, 16, 16, half, row_major>;
using B = fragment<matrix_b, 16, 16, 16, half, row_major>;
using C = fragment<accumulator, 16, 16, 16, float>;

inline void mma_sync(C& result, const A& a, const B& b, const C& c) {
    auto& tiles = emulate::tiles();
    const int lane = emulate::lane();
    for (int i = 0; i < 8; i++) {
        tiles.a[lane / 2][lane % 2 * 8 + i] = __half2float(a.x[i]);
        tiles.b[lane / 2][lane % 2 * 8 + i] = __half2float(b.x[i]);
    }
    emulate::warp_barrier();
    float sums[8];
    std::memcpy(sums, c.x, sizeof sums);
    for (int k = 0; k < 16; k++) {
        for (int i = 0; i < 8; i++) sums[i] += tiles.a[lane / 2][k] * tiles.b[k][lane % 2 * 8 + i];
    }
    std::memcpy(result.x, sums, sizeof sums);
    emulate::warp_barrier();
}

}  // namespace wmma
}  // namespace nvcuda
