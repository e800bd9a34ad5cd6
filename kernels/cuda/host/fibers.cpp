// Fibers, their scheduler, and the entry through which tests launch kernels.

#include "fibers.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <ucontext.h>

namespace emulate {

namespace {

constexpr size_t STACK_BYTES = 128 << 10;

struct Kernel {
    const char* name;
    unsigned threads;
    size_t bytes;
    Entry entry;
};

// Filled before main by objects of the kernels' files.
std::vector<Kernel>& kernels() {
    static std::vector<Kernel> all;
    return all;
}

// What runs on this thread of the processor.
struct Scheduler {
    std::vector<Fiber> fibers;
    std::vector<unsigned char*> stacks;
    Block block;
    Fiber* running = nullptr;
    jmp_buf home;
    Entry entry;
    const void* arguments;
    // Whether asynchronous copies arrive at once, and not when they are waited for.
    bool eager;
    std::string error;
};

thread_local Scheduler scheduler;

// What a block finds in memory that nobody wrote: NaN in one order, and huge numbers in the other, since the larger of
// NaN and a number is the number.
unsigned char poison() { return scheduler.eager ? 0x7b : 0xff; }

void yield() {
    Fiber* self = scheduler.running;
    if (_setjmp(self->place) == 0) _longjmp(scheduler.home, 1);
}

template <class Group> void leave_if_all_arrived(Group& group) {
    if (group.alive > 0 && group.arrived == group.alive) {
        group.arrived = 0;
        group.generation++;
    }
}

template <class Group> void wait(Group& group) {
    const unsigned generation = group.generation;
    group.arrived++;
    current()->moved = true;
    leave_if_all_arrived(group);
    while (group.generation == generation) yield();
    current()->moved = true;
}

// The first frame of every fiber.
void run_fiber() {
    Fiber* self = scheduler.running;
    scheduler.entry(scheduler.arguments);
    self = scheduler.running;
    self->done = self->moved = true;
    if (self->committed > 0 && !self->copies.empty()) scheduler.error = "a thread ended before its copies were waited for";
    Warp& own = self->block->warps[self->index.x / LANES];
    own.alive--;
    self->block->alive--;
    leave_if_all_arrived(own);
    leave_if_all_arrived(*self->block);
    _longjmp(scheduler.home, 1);
}

void resume(Fiber& fiber) {
    scheduler.running = &fiber;
    if (_setjmp(scheduler.home) != 0) return;
    if (fiber.started) _longjmp(fiber.place, 1);
    fiber.started = true;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = fiber.stack;
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = nullptr;
    makecontext(&context, run_fiber, 0);
    setcontext(&context);
}

void start_block(Index index, Index grid, unsigned threads) {
    Scheduler& s = scheduler;
    s.block.index = index;
    s.block.grid = grid;
    s.block.alive = static_cast<int>(threads);
    s.block.arrived = 0;
    s.block.warps.assign((threads + LANES - 1) / LANES, Warp());
    for (Shared& part : s.block.shared) std::fill(part.memory.begin(), part.memory.end(), poison());
    while (s.stacks.size() < threads) s.stacks.push_back(static_cast<unsigned char*>(std::malloc(STACK_BYTES)));
    s.fibers.resize(threads);
    for (unsigned i = 0; i < threads; i++) {
        s.block.warps[i / LANES].alive++;
        s.fibers[i].index = {i, 0, 0};
        s.fibers[i].block = &s.block;
        s.fibers[i].started = s.fibers[i].done = false;
        s.fibers[i].copies.clear();
        s.fibers[i].committed = 0;
        s.fibers[i].stack = s.stacks[i];
    }
}

// Runs the lanes of a warp in turn until they are done or wait for other warps; says whether any came further.
bool run_warp(size_t first, size_t end, bool backwards) {
    Scheduler& s = scheduler;
    bool any = false, moved = true;
    while (moved && s.error.empty()) {
        moved = false;
        for (size_t i = first; i < end && s.error.empty(); i++) {
            Fiber& fiber = s.fibers[backwards ? first + end - 1 - i : i];
            if (fiber.done) continue;
            fiber.moved = false;
            resume(fiber);
            moved |= fiber.moved;
        }
        any |= moved;
    }
    return any;
}

// Runs the threads of a block, the last warp and lane first if `backwards`. Each warp gets as far ahead of the others as
// barriers let it.
void run_block(bool backwards) {
    Scheduler& s = scheduler;
    const size_t threads = s.fibers.size(), warps = s.block.warps.size();
    while (s.block.alive > 0 && s.error.empty()) {
        bool moved = false;
        for (size_t i = 0; i < warps && s.error.empty(); i++) {
            const size_t warp = backwards ? warps - 1 - i : i;
            moved |= run_warp(warp * LANES, std::min(threads, (warp + 1) * LANES), backwards);
        }
        if (!moved && s.error.empty()) s.error = "threads wait at a barrier that others of their block or warp never reach";
    }
}

}  // namespace

Fiber* current() { return scheduler.running; }

void block_barrier() { wait(*current()->block); }
void warp_barrier() { wait(warp()); }

void arrive(const Copy& copy) {
    std::memcpy(copy.to, copy.from, copy.bytes - copy.zeros);
    std::memset(static_cast<char*>(copy.to) + copy.bytes - copy.zeros, 0, copy.zeros);
}

void start_copy(const Copy& copy) {
    if (scheduler.eager) {
        arrive(copy);
    } else {
        current()->copies.push_back(copy);
    }
}

void finish_copies(int groups) {
    Fiber* self = current();
    auto& copies = self->copies;
    const auto due = [&](const Copy& copy) { return copy.group < self->committed - groups; };
    for (const Copy& copy : copies) {
        if (due(copy)) arrive(copy);
    }
    copies.erase(std::remove_if(copies.begin(), copies.end(), due), copies.end());
}

void require(bool holds, const char* otherwise) {
    if (holds) return;
    scheduler.error = otherwise;
    _longjmp(scheduler.home, 1);
}

void* shared(int line, size_t bytes) {
    auto& parts = current()->block->shared;
    constexpr size_t ALIGNMENT = 128;
    auto found = std::find_if(parts.begin(), parts.end(), [&](const Shared& s) { return s.line == line && s.bytes == bytes; });
    if (found == parts.end()) {
        parts.push_back({line, bytes, std::vector<unsigned char>(bytes + ALIGNMENT, poison())});
        found = parts.end() - 1;
    }
    void* memory = found->memory.data();
    size_t room = found->memory.size();
    return std::align(ALIGNMENT, bytes, memory, room);
}

Registration::Registration(const char* name, unsigned threads, size_t bytes, Entry entry) {
    kernels().push_back({name, threads, bytes, entry});
}

}  // namespace emulate

// Runs a kernel over a grid; gives null, or what is wrong, to be read before the next call of this thread.
extern "C" const char* emulate_launch(const char* name, const unsigned* grid, unsigned threads, const void* arguments,
                                      size_t bytes, int backwards) {
    using namespace emulate;
    const auto& all = kernels();
    const auto kernel = std::find_if(all.begin(), all.end(), [&](const Kernel& k) { return std::strcmp(k.name, name) == 0; });
    scheduler.error.clear();
    if (kernel == all.end()) {
        return "no kernel has this name";
    }
    if (kernel->threads != threads) {
        return "the kernel is for another number of threads";
    }
    if (kernel->bytes != bytes) {
        return "the kernel's parameter has another size";
    }
    scheduler.entry = kernel->entry;
    scheduler.arguments = arguments;
    scheduler.eager = backwards != 0;
    scheduler.block.shared.clear();
    for (unsigned z = 0; z < grid[2]; z++) {
        for (unsigned y = 0; y < grid[1]; y++) {
            for (unsigned x = 0; x < grid[0]; x++) {
                const Index index = {backwards ? grid[0] - 1 - x : x, y, z};
                start_block(index, {grid[0], grid[1], grid[2]}, threads);
                run_block(backwards != 0);
                if (!scheduler.error.empty()) return scheduler.error.c_str();
            }
        }
    }
    return nullptr;
}
