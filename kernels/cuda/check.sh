#!/usr/bin/env bash
# Compiles the CUDA kernels to PTX and, for the oldest and the newest cards that matter, to machine code, and checks what
# the compiler says of them: no register is spilled, and blocks fit on a multiprocessor. Needs nvcc (toolkit.sh), no card.
#
#     bash kernels/cuda/check.sh          # one line a kernel and card: registers, shared memory

set -euo pipefail
cd "$(dirname "$0")"

# Compute capabilities: Ampere (A100), Ada (L4, L40S), Hopper (H100, H200).
readonly CARDS=(80 89 90)
# What a block may take so that at least two fit: 65,536 registers over 256 threads, 48 KiB without asking for more.
readonly MOST_REGISTERS=128
readonly MOST_SHARED=49152
# Kernels of 128 threads with wide filters keep more in registers; two blocks still fit.
readonly MOST_REGISTERS_OF_128_THREADS=168

nvcc=${NVCC:-${CUDA_HOME:+$CUDA_HOME/bin/}nvcc}
command -v "$nvcc" >/dev/null || {
    echo "error: no $nvcc; run bash kernels/cuda/toolkit.sh DIR && . DIR/env.sh first" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly FLAGS=(-O3 --std=c++17 --Werror all-warnings)

"$nvcc" -ptx "${FLAGS[@]}" -arch="compute_${CARDS[0]}" all.cu -o "$work/kernels.ptx"
echo "PTX: $(wc -c <"$work/kernels.ptx") bytes, $(grep -c '^\.visible \.entry' "$work/kernels.ptx") kernels"
failed=0
for card in "${CARDS[@]}"; do
    "$nvcc" -cubin "${FLAGS[@]}" -arch="sm_$card" -Xptxas -v all.cu -o "$work/kernels.cubin" 2>"$work/report"
    awk -v card="$card" -v most="$MOST_REGISTERS" -v most128="$MOST_REGISTERS_OF_128_THREADS" -v most_shared="$MOST_SHARED" '
        /Compiling entry function/ { split($0, part, "\047"); kernel = part[2] }
        /bytes stack frame/ { stack = $1; spilled = $5 + $9 }
        /Used [0-9]+ registers/ {
            match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5) + 0
            shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH) + 0 : 0
            limit = kernel ~ /^depthwise_/ ? most128 : most
            wrong = stack + spilled > 0 || registers > limit || shared > most_shared
            printf "sm_%s %-16s %3d registers %6d bytes shared%s\n", card, kernel, registers, shared, \
                wrong ? sprintf("  TOO MUCH (stack %d, spilled %d bytes)", stack, spilled) : ""
            failed += wrong; seen++
        }
        END { if (seen == 0) print "error: the compiler reported no kernel"; exit failed > 0 || seen == 0 }
    ' "$work/report" || failed=1
done
if [[ $failed -ne 0 ]]; then
    echo "error: a kernel takes too much (see TOO MUCH above): lighten it, or split it" >&2
    exit 1
fi
