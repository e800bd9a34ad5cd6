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

// A page in bytes, [height][width][3], red first; `factor` × `factor` of its pixels are averaged before it is scaled.
struct Page {
    const unsigned char* rgb;
    int height, width, factor, unused;
};

// Pages to [images][rows][columns][8], blue first: scaled, then value · scale + shift.
struct PageArguments {
    const Page* pages;
    half* output;
    int rows, columns;
    float scale[3], shift[3];
};

// A line of text on a page: corners from its top left, clockwise, x before y.
struct Line {
    const unsigned char* rgb;
    int height, width;
    float corners[8];
    // Of the rectified line; samples of a pixel, down and across.
    int columns, samples;
};

// Lines to [lines][48][columns][8], blue first, from -1 to 1, with zeros behind their end.
struct LineArguments {
    const Line* lines;
    half* output;
    int columns, unused;
};

// The most probable classes of every step: [steps][8].
struct Guess {
    float probability;
    int type;
};

struct GuessArguments {
    const half* input;
    Guess* guesses;
    int steps, inputs, channels, unused;
};

// A run of text pixels in one row of one map, and its component: the number of another run, or its own.
struct Run {
    int image, row, start, end;
};

struct RunArguments {
    // [images][rows][columns].
    const float* map;
    // Runs of all rows, `most` a row: [images · rows][most].
    Run* runs;
    // Of every row.
    int* counts;
    // [images · rows · most].
    int* parents;
    int images, rows, columns, most;
    float threshold;
    int unused;
};

// Means of a map inside of quads: corners as in a line, in pixels of the map.
struct QuadOnMap {
    float corners[8];
    int image, unused;
};

struct ScoreArguments {
    const float* map;
    const QuadOnMap* quads;
    float* scores;
    int rows, columns;
};

}  // namespace slipstream
