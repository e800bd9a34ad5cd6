#!/usr/bin/env bash
# Sets up the part of the CUDA toolkit that compiles kernels, from Python packages, and writes DIR/env.sh:
#
#     bash kernels/cuda/toolkit.sh DIR && . DIR/env.sh && cargo build --release --features cuda
#
# Needs python3 with venv and pip, a package index that pip reaches, and 300 MB; no card, no driver, no root. Run again, it
# does nothing where DIR holds this version already. The program itself needs none of this: it looks for the driver when it
# starts.

set -euo pipefail

# The compiler decides which drivers can read its PTX: 13.0 needs driver 580 or newer, a later one a later driver.
readonly VERSION=13.0.2
readonly PARTS=nvcc,cudart,cccl,crt,nvvm

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

[[ $# -eq 1 && $1 != -* ]] || fail "usage: bash kernels/cuda/toolkit.sh DIR, where DIR is a folder for the toolkit"
[[ $(uname -sm) == "Linux x86_64" ]] || fail "the packages are for Linux on x86_64, this is $(uname -sm); install CUDA $VERSION yourself and set CUDA_HOME"
command -v python3 >/dev/null || fail "no python3 on PATH; install it, with its modules venv and pip"
mkdir -p "$1" || fail "cannot create $1; choose another folder"
dir=$(cd "$1" && pwd)

# Prints the folder that holds bin/nvcc, if it is there.
find_toolkit() {
    local found
    for found in "$dir"/venv/lib/python3.*/site-packages/nvidia/cu13; do
        if [[ -x $found/bin/nvcc ]]; then
            echo "$found"
            return
        fi
    done
    return 1
}

# The stamp is written last, so that an install that was cut off is done again.
if [[ $(cat "$dir/version" 2>/dev/null) != "$VERSION/$PARTS" ]] || ! find_toolkit >/dev/null; then
    rm -rf "$dir/venv" "$dir/version" "$dir/env.sh"
    python3 -m venv "$dir/venv" || fail "python3 -m venv failed; the module may be a package of its own, such as python3-venv"
    "$dir/venv/bin/pip" install --quiet --disable-pip-version-check "cuda-toolkit[$PARTS]==$VERSION" ||
        fail "pip cannot install cuda-toolkit $VERSION; what pip says above tells why (no network, no such version in its index, no space in $dir)"
    find_toolkit >/dev/null || fail "the packages hold no nvcc where it was expected, below $dir/venv; has their layout changed?"
    printf '%s/%s\n' "$VERSION" "$PARTS" >"$dir/version"
fi

toolkit=$(find_toolkit)
"$toolkit/bin/nvcc" --version >"$dir/nvcc.log" 2>&1 || fail "$toolkit/bin/nvcc does not run: $(tail -n 1 "$dir/nvcc.log")"
cat >"$dir/env.sh" <<ENV
# Written by kernels/cuda/toolkit.sh: where CUDA $VERSION is, for cargo and nvcc.
export CUDA_HOME='$toolkit'
case ":\$PATH:" in
    *":\$CUDA_HOME/bin:"*) ;;
    *) export PATH="\$CUDA_HOME/bin:\$PATH" ;;
esac
ENV
echo "CUDA $VERSION is in $dir; now: . $dir/env.sh"
