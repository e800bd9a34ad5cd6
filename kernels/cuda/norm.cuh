// Layer normalisation (Ba et al., arXiv 1607.06450) and softmax over the channels of a pixel, one warp a pixel.
#pragma once

#include "arguments.cuh"

namespace slipstream {

constexpr int NORM_THREADS = 128;
constexpr int NORM_PIXELS = NORM_THREADS / WARP;

// Grid: pixels / 4. May work in place: a lane writes what it alone reads afterwards.
KERNEL(layer_norm, NORM_THREADS, NormArguments) {
    const int pixel = blockIdx.x * NORM_PIXELS + threadIdx.x / WARP;
    if (pixel >= a.pixels) return;
    const int lane = threadIdx.x % WARP;
    const half* input = a.input + static_cast<size_t>(pixel) * a.channels;
    half* output = a.output + static_cast<size_t>(pixel) * a.channels;
    const float share = 1.0f / static_cast<float>(a.inputs);
    float sum = 0.0f;
    for (int c = lane; c < a.inputs; c += WARP) sum += __half2float(input[c]);
    const float mean = warp_sum(sum) * share;
    float squares = 0.0f;
    for (int c = lane; c < a.inputs; c += WARP) {
        const float apart = __half2float(input[c]) - mean;
        squares += apart * apart;
    }
    const float inverse = rsqrtf(warp_sum(squares) * share + a.epsilon);
    for (int c = lane; c < a.channels; c += WARP) {
        const float value = c < a.inputs ? (__half2float(input[c]) - mean) * inverse * a.scale[c] + a.shift[c] : 0.0f;
        output[c] = to_half(value);
    }
}

// Grid: pixels / 4. May work in place.
KERNEL(softmax, NORM_THREADS, NormArguments) {
    const int pixel = blockIdx.x * NORM_PIXELS + threadIdx.x / WARP;
    if (pixel >= a.pixels) return;
    const int lane = threadIdx.x % WARP;
    const half* input = a.input + static_cast<size_t>(pixel) * a.channels;
    half* output = a.output + static_cast<size_t>(pixel) * a.channels;
    float largest = -LARGEST_HALF;
    for (int c = lane; c < a.inputs; c += WARP) largest = fmaxf(largest, __half2float(input[c]));
    largest = warp_max(largest);
    float sum = 0.0f;
    for (int c = lane; c < a.inputs; c += WARP) sum += __expf(__half2float(input[c]) - largest);
    const float inverse = 1.0f / warp_sum(sum);
    for (int c = lane; c < a.channels; c += WARP) {
        output[c] = to_half(c < a.inputs ? __expf(__half2float(input[c]) - largest) * inverse : 0.0f);
    }
}

}  // namespace slipstream
