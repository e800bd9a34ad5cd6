// From bytes to what networks take: pages scaled and normalised, lines of text cut out and made upright.
//
// The arithmetic is that of models/src/detect/input.rs and models/src/crop/, so that networks see the same on every
// device; places are floats here and fixed point there.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int PIXEL_THREADS = 256;

// Pixels around a place along an axis of `from` pixels that becomes one of `to`, and the weight of the second.
struct Between {
    int first, second;
    float part;

    __device__ Between(int index, int from, int to) {
        const float scale = static_cast<float>(from) / static_cast<float>(to);
        const float place = fminf(fmaxf((static_cast<float>(index) + 0.5f) * scale - 0.5f, 0.0f), static_cast<float>(from - 1));
        first = static_cast<int>(place);
        second = min(first + 1, from - 1);
        part = place - static_cast<float>(first);
    }
};

// A channel of pixel (x, y) of the page, reduced; the mean is rounded to a byte.
__device__ inline float reduced(const Page& page, int y, int x, int channel) {
    const int n = page.factor * page.factor;
    int sum = n / 2;
    for (int down = 0; down < page.factor; down++) {
        const size_t row = static_cast<size_t>(y * page.factor + down) * page.width;
        for (int across = 0; across < page.factor; across++) {
            sum += page.rgb[(row + x * page.factor + across) * 3 + channel];
        }
    }
    return static_cast<float>(sum / n);
}

// Grid: pixels of a result over threads, pages.
KERNEL(from_pages, PIXEL_THREADS, PageArguments) {
    const int pixel = blockIdx.x * PIXEL_THREADS + threadIdx.x;
    if (pixel >= a.rows * a.columns) return;
    const Page page = a.pages[blockIdx.y];
    const Between down(pixel / a.columns, page.height / page.factor, a.rows);
    const Between across(pixel % a.columns, page.width / page.factor, a.columns);
    float values[VECTOR] = {};
#pragma unroll
    for (int c = 0; c < 3; c++) {
        const float a0 = reduced(page, down.first, across.first, 2 - c), a1 = reduced(page, down.first, across.second, 2 - c);
        const float b0 = reduced(page, down.second, across.first, 2 - c), b1 = reduced(page, down.second, across.second, 2 - c);
        const float upper = a0 + (a1 - a0) * across.part, lower = b0 + (b1 - b0) * across.part;
        values[c] = (upper + (lower - upper) * down.part) * page.scale[c] + page.shift[c];
    }
    store(a.output + (static_cast<size_t>(blockIdx.y) * a.rows * a.columns + pixel) * VECTOR, values);
}

// Adds the colour at (x, y) of a page, interpolated between pixel centres; its border goes on outside.
__device__ inline void add_sample(const Line& line, float x, float y, float (&sums)[3]) {
    x = fminf(fmaxf(x - 0.5f, 0.0f), static_cast<float>(line.width - 1));
    y = fminf(fmaxf(y - 0.5f, 0.0f), static_cast<float>(line.height - 1));
    const int left = static_cast<int>(x), top = static_cast<int>(y);
    const int right = min(left + 1, line.width - 1), below = min(top + 1, line.height - 1);
    const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
    const unsigned char* upper = line.rgb + static_cast<size_t>(top) * line.width * 3;
    const unsigned char* lower = line.rgb + static_cast<size_t>(below) * line.width * 3;
#pragma unroll
    for (int c = 0; c < 3; c++) {
        const float a = upper[left * 3 + c], b = upper[right * 3 + c];
        const float d = lower[left * 3 + c], e = lower[right * 3 + c];
        const float above = a + (b - a) * fx, under = d + (e - d) * fx;
        sums[c] += above + (under - above) * fy;
    }
}

// Grid: pixels of a result over threads, lines: all lines of all pages at once.
KERNEL(from_lines, PIXEL_THREADS, LineArguments) {
    const int pixel = blockIdx.x * PIXEL_THREADS + threadIdx.x;
    if (pixel >= a.rows * a.columns) return;
    const Line line = a.lines[blockIdx.y];
    const int row = pixel / a.columns, column = pixel % a.columns;
    float values[VECTOR] = {};
    if (column < line.columns) {
        const float* q = line.corners;
        const float share = 1.0f / static_cast<float>(line.samples), across = static_cast<float>(line.columns * line.samples);
        float sums[3] = {};
        for (int down = 0; down < line.samples; down++) {
            const float v = (static_cast<float>(row) + (static_cast<float>(down) + 0.5f) * share) / static_cast<float>(a.rows);
            const float left_x = q[0] + (q[6] - q[0]) * v, left_y = q[1] + (q[7] - q[1]) * v;
            const float right_x = q[2] + (q[4] - q[2]) * v, right_y = q[3] + (q[5] - q[3]) * v;
            for (int i = 0; i < line.samples; i++) {
                const float u = (static_cast<float>(column * line.samples + i) + 0.5f) / across;
                add_sample(line, left_x + (right_x - left_x) * u, left_y + (right_y - left_y) * u, sums);
            }
        }
#pragma unroll
        // Rounded to a byte first, as everywhere else.
        for (int c = 0; c < 3; c++) values[c] = floorf(sums[2 - c] * share * share + 0.5f) / 127.5f - 1.0f;
    }
    store(a.output + (static_cast<size_t>(blockIdx.y) * a.rows * a.columns + pixel) * VECTOR, values);
}

}  // namespace slipstream
