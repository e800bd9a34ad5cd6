// Parameters of the kernels. src/device/arguments.rs declares the same, field by field; sizes are multiples of eight.
#pragma once

#include "common.cuh"

namespace slipstream {

// An input of a dense convolution: each of its pixels stands for 2^shift × 2^shift.
struct Source {
    const half* data;
    int height, width;
    // Of a pixel, padding included.
    int channels;
    int shift;
};

constexpr int MOST_SOURCES = 4;

// Dense convolution over the concatenation of its sources, as a product of matrices: pixels × depth times depth × filters.
struct ConvArguments {
    Source sources[MOST_SOURCES];
    // For every eight rows of the weights: y and x beside the first pixel, source, channel; source -1 is padding.
    const int4* taps;
    // [set][depth][filters], one set a place of the scatter.
    const half* weights;
    // [filters].
    const float* bias;
    // Added after the activation; null for none. As large as the output.
    const half* residual;
    half* output;
    // Images times rows times columns.
    int pixels;
    // Of the result, before it is scattered.
    int rows, columns;
    int stride_y, stride_x;
    // Multiples of the tile.
    int depth, filters;
    // Of an output pixel, padding included.
    int channels;
    // Pixel (x, y) of set (dx, dy) is stored at (x·scatter + dx, y·scatter + dy).
    int scatter;
    int activation;
};

struct DepthwiseArguments {
    const half* input;
    // [down][across][channels].
    const half* weights;
    const float* bias;
    const half* residual;
    half* output;
    int images, height, width, rows, columns, channels;
    // Rows of the filter; its columns and the horizontal stride are the kernel's own.
    int down;
    int stride_y, pad_y, pad_x;
    int activation, unused;
};

struct PoolArguments {
    const half* input;
    const half* other;
    half* output;
    int images, height, width, other_height, other_width, rows, columns, channels;
    // The window of a mean, the factor of an enlargement.
    int down, across;
};

// Means of the channels of every image: [images][channels].
struct MeanArguments {
    const half* input;
    float* means;
    int pixels, channels;
};

struct GateArguments {
    const float* means;
    // [hidden][inputs], [inputs][hidden].
    const float *squeeze, *squeeze_bias, *excite, *excite_bias;
    // [images][channels].
    float* gates;
    // Channels without and with padding.
    int inputs, channels;
    int hidden;
    // Whether the input itself is added.
    int skip;
    float slope;
    int unused;
};

struct ScaleArguments {
    const half* input;
    const float* gates;
    half* output;
    // Of all images, of one.
    int vectors, vectors_of_image;
    int channels, unused;
};

// Layer normalisation and softmax over the channels of every pixel.
struct NormArguments {
    const half* input;
    const float *scale, *shift;
    half* output;
    int pixels, inputs, channels;
    float epsilon;
};

// [images][columns][3 · heads · 16] to [images][columns][heads · 16].
struct AttentionArguments {
    const half* input;
    half* output;
    int columns, heads;
    float scale;
    int unused;
};

// [pixels][3] to the image as networks take it, [pixels][8].
struct FloatsArguments {
    const float* input;
    half* output;
    int pixels, unused;
};

// A network's result as floats: [pixels][inputs], or four channels as 2×2 pixels.
struct ResultArguments {
    const half* input;
    float* output;
    int pixels, columns;
    // Channels without and with padding.
    int inputs, channels;
    int shuffle, unused;
};

// A page in bytes, [height][width][3], red first. `factor` × `factor` of its pixels are averaged before it is scaled;
// what comes of it is value · scale + shift, blue first.
struct Page {
    const unsigned char* rgb;
    int height, width, factor, unused;
    float scale[3], shift[3];
};

// Pages to [pages][rows][columns][8].
struct PageArguments {
    const Page* pages;
    half* output;
    int rows, columns;
};

// A line of text on a page: corners from its top left, clockwise, x before y.
struct Line {
    const unsigned char* rgb;
    int height, width;
    float corners[8];
    // Columns of the rectified line; samples of a pixel, down and across.
    int columns, samples;
};

// Lines to [lines][rows][columns][8], blue first, from -1 to 1, with zeros behind their end.
struct LineArguments {
    const Line* lines;
    half* output;
    int rows, columns;
};

// A class and its probability.
struct Guess {
    float probability;
    int type;
};

constexpr int GUESSES = 8;

// The most probable classes of every step, best first: [steps][8].
struct GuessArguments {
    const half* input;
    Guess* guesses;
    int steps, inputs, channels, unused;
};

// Text pixels from `start` to before `end` in one row of one map.
struct Run {
    int image, row, start, end;
};

// Runs of all rows of [images][rows][columns], in no order. The count, which starts at zero, is of all that were found;
// those that there is no room for are left out.
struct RunArguments {
    const float* map;
    Run* runs;
    int* count;
    int images, rows, columns, room;
    float threshold;
    int unused;
};

// A convex quad in pixels of map number `image`.
struct QuadOnMap {
    float corners[8];
    int image, unused;
};

// The mean of [images][rows][columns] over the pixels whose centres lie inside of each quad.
struct QuadArguments {
    const float* map;
    const QuadOnMap* quads;
    float* means;
    int rows, columns;
};

}  // namespace slipstream
