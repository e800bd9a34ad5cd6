// All kernels, compiled as one module.

#include "common.cuh"

#include "arguments.cuh"
#include "attention.cuh"
#include "conv.cuh"
#include "depthwise.cuh"
#include "edge.cuh"
#include "gate.cuh"
#include "norm.cuh"
#include "pixels.cuh"
#include "pool.cuh"
#include "text.cuh"
