// The threads of a block as fibers of one thread of the processor.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace emulate {

struct Index { unsigned x, y, z; };

constexpr int LANES = 32;

// What the lanes of a warp share.
struct Warp {
    int alive = 0, arrived = 0;
    unsigned generation = 0;
    uint64_t mailboxes[LANES];
    struct { float a[16][16], b[16][16]; } tiles;
};

// Memory of a block, by the line that declares it.
struct Shared {
    int line;
    size_t bytes;
    std::vector<unsigned char> memory;
};

struct Block {
    Index index, grid;
    int alive = 0, arrived = 0;
    unsigned generation = 0;
    std::vector<Warp> warps;
    std::vector<Shared> shared;
};

struct Copy {
    void* to;
    const void* from;
    size_t bytes, zeros;
    int group;
};

struct Fiber {
    Index index;
    Block* block;
    jmp_buf place;
    bool started, done;
    // Whether it has come further since the scheduler looked.
    bool moved;
    std::vector<Copy> copies;
    int committed;
    unsigned char* stack;
};

// The fiber that runs.
Fiber* current();
inline int lane() { return static_cast<int>(current()->index.x) % LANES; }
inline Warp& warp() { return current()->block->warps[current()->index.x / LANES]; }
inline uint64_t& mailbox(int of) { return warp().mailboxes[of]; }
inline auto& tiles() { return warp().tiles; }

void block_barrier();
void warp_barrier();
// An asynchronous copy, and the end of all but the newest `groups` of them.
void start_copy(const Copy& copy);
void finish_copies(int groups);
// Ends the launch with an error unless `holds`.
void require(bool holds, const char* otherwise);
// Memory that the block's threads share, the same for everyone who asks in the same line.
void* shared(int line, size_t bytes);

using Entry = void (*)(const void* arguments);

// Makes a kernel known by its name.
struct Registration {
    Registration(const char* name, unsigned threads, size_t bytes, Entry entry);
};

}  // namespace emulate
