// What networks say, made small enough to travel: the best classes of every step of a line, runs of text pixels of a
// map, and means of the map inside of boxes.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int GUESS_THREADS = 128;

// Grid: steps / 4, a warp a step. Of equals, the later class comes first.
KERNEL(best_classes, GUESS_THREADS, GuessArguments) {
    const int step = blockIdx.x * (GUESS_THREADS / WARP) + threadIdx.x / WARP;
    if (step >= a.steps) return;
    const int lane = threadIdx.x % WARP;
    const half* row = a.input + static_cast<size_t>(step) * a.channels;
    // What was found before; everything comes after it.
    float last = LARGEST_HALF;
    int last_type = a.inputs;
    for (int rank = 0; rank < GUESSES; rank++) {
        float best = -LARGEST_HALF;
        int type = -1;
        for (int c = lane; c < a.inputs; c += WARP) {
            const float value = __half2float(row[c]);
            const bool later = value < last || (value == last && c < last_type);
            if (later && value >= best) best = value, type = c;
        }
#pragma unroll
        for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
            const float other = __shfl_xor_sync(ALL_LANES, best, lanes);
            const int other_type = __shfl_xor_sync(ALL_LANES, type, lanes);
            if (other > best || (other == best && other_type > type)) best = other, type = other_type;
        }
        if (lane == 0) a.guesses[static_cast<size_t>(step) * GUESSES + rank] = {type < 0 ? 0.0f : best, type};
        last = best, last_type = type;
    }
}

constexpr int RUN_THREADS = 128;

// Grid: rows of all maps / 4, a warp a row. Counts first, so that the runs of a row stand together.
KERNEL(find_runs, RUN_THREADS, RunArguments) {
    const int row = blockIdx.x * (RUN_THREADS / WARP) + threadIdx.x / WARP;
    if (row >= a.images * a.rows) return;
    const int lane = threadIdx.x % WARP;
    const float* map = a.map + static_cast<size_t>(row) * a.columns;
    const unsigned up_to_here = ALL_LANES >> (WARP - 1 - lane);
    int first = 0;
    for (int pass = 0; pass < 2; pass++) {
        int begun = 0;
        unsigned before = 0;
        // One column more than there is, where no text is, ends the last run.
        for (int left = 0; left <= a.columns; left += WARP) {
            const int column = left + lane;
            const bool text = column < a.columns && map[column] > a.threshold;
            const unsigned bits = __ballot_sync(ALL_LANES, text);
            const unsigned previous = bits << 1 | before;
            const unsigned starts = bits & ~previous, ends = ~bits & previous;
            if (pass == 1) {
                const int rank = first + begun + __popc(starts & up_to_here) - 1;
                if ((starts >> lane & 1) != 0 && rank < a.room) {
                    a.runs[rank].image = row / a.rows;
                    a.runs[rank].row = row % a.rows;
                    a.runs[rank].start = column;
                }
                if ((ends >> lane & 1) != 0 && rank < a.room) a.runs[rank].end = column;
            }
            begun += __popc(starts);
            before = bits >> (WARP - 1);
        }
        if (pass == 0) {
            if (begun == 0) return;
            if (lane == 0) first = atomicAdd(a.count, begun);
            first = __shfl_sync(ALL_LANES, first, 0);
        }
    }
}

constexpr int QUAD_THREADS = 128;

struct QuadMemory {
    float sums[QUAD_THREADS / WARP], counts[QUAD_THREADS / WARP];
};

// Grid: quads. A warp goes over every fourth row.
KERNEL(quad_means, QUAD_THREADS, QuadArguments) {
    SHARED(QuadMemory, memory);
    const QuadOnMap quad = a.quads[blockIdx.x];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    float top = quad.corners[1], bottom = top, outer_left = quad.corners[0], outer_right = outer_left;
#pragma unroll
    for (int i = 1; i < 4; i++) {
        top = fminf(top, quad.corners[2 * i + 1]), bottom = fmaxf(bottom, quad.corners[2 * i + 1]);
        outer_left = fminf(outer_left, quad.corners[2 * i]), outer_right = fmaxf(outer_right, quad.corners[2 * i]);
    }
    const int last = min(static_cast<int>(ceilf(fmaxf(bottom, 0.0f))), a.rows);
    float sum = 0.0f, count = 0.0f;
    for (int row = static_cast<int>(fmaxf(top, 0.0f)) + warp; row < last; row += QUAD_THREADS / WARP) {
        const float centre = static_cast<float>(row) + 0.5f;
        // The quad is convex, so a row crosses it in one interval.
        float from = outer_right, to = outer_left;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int next = (i + 1) % 4;
            const float x0 = quad.corners[2 * i], y0 = quad.corners[2 * i + 1];
            const float x1 = quad.corners[2 * next], y1 = quad.corners[2 * next + 1];
            if ((y0 <= centre) != (y1 <= centre)) {
                const float x = x0 + (x1 - x0) * (centre - y0) / (y1 - y0);
                from = fminf(from, x), to = fmaxf(to, x);
            }
        }
        const int begin = static_cast<int>(fmaxf(ceilf(from - 0.5f), 0.0f));
        const int end = min(static_cast<int>(fmaxf(floorf(to - 0.5f) + 1.0f, 0.0f)), a.columns);
        const float* map = a.map + (static_cast<size_t>(quad.image) * a.rows + row) * a.columns;
        for (int column = begin + lane; column < end; column += WARP) sum += map[column], count += 1.0f;
    }
    sum = warp_sum(sum), count = warp_sum(count);
    if (lane == 0) memory.sums[warp] = sum, memory.counts[warp] = count;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int i = 1; i < QUAD_THREADS / WARP; i++) sum += memory.sums[i], count += memory.counts[i];
        a.means[blockIdx.x] = count > 0.0f ? sum / count : 0.0f;
    }
}

}  // namespace slipstream
