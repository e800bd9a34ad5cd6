#!/usr/bin/env bash
# Everything that there is to measure on a card, on a machine without a network.
#
#     bash benches/gpu.sh pack DIR      # where it is built: programs, tests, weights and rendered receipts into DIR
#     bash benches/gpu.sh run [DIR]     # where the card is (DIR: this script's folder): one JSON and a table
#     bash benches/gpu.sh               # both, here
#
# `pack` needs a Rust toolchain and nvcc (kernels/cuda/toolkit.sh), and no card. `run` needs a driver (580 or newer), a card,
# and nothing else; PyTorch's or ONNX Runtime's time beside ours is not measured yet. Not run on a card yet.

set -euo pipefail

readonly RECEIPTS=24
readonly SOAK_S=60

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The newest test program of that name.
test_program() {
    cargo test --release --features slipstream/cuda,slipstream-kernels/emulation --workspace --test "$1" --no-run --message-format short 2>&1 |
        sed -n 's/.*(\(.*\/'"$1"'-[0-9a-f]*\))$/\1/p' | tail -n 1
}

pack() {
    local to=$1 name program
    command -v nvcc >/dev/null || fail "no nvcc; run bash kernels/cuda/toolkit.sh DIR && . DIR/env.sh first"
    mkdir -p "$to"
    to=$(cd "$to" && pwd)
    cd "$(dirname "${BASH_SOURCE[0]}")/.."
    cargo build --release --workspace --features slipstream/cuda,slipstream-benches/cuda --bin slipstream --bin gpu \
        --bin slipstream-loadtest --bin slipstream-training-data
    for name in slipstream gpu slipstream-loadtest; do
        cp "target/release/$name" "$to/"
    done
    for name in cuda_emulation cuda_pixels; do
        program=$(test_program "$name")
        [[ -n $program ]] || fail "cargo did not say where the test program $name is"
        cp "$program" "$to/$name"
    done
    mkdir -p "$to/models"
    cp -r models/weights "$to/models/"
    target/release/slipstream-training-data generate --count "$RECEIPTS" --seed 5 --images "$to/receipts" --out "$to/receipts.jsonl"
    cp benches/gpu.sh "$to/"
    echo "packed $(du -sh "$to" | cut -f1) into $to; on the machine with the card: bash gpu.sh run"
}

# Runs a test program on the card; prints its last line.
op_suite() {
    SLIPSTREAM_TEST_DEVICE=cuda "./$1" --test-threads 1 --skip memory >"$1.log" 2>&1 || true
    grep '^test result' "$1.log" || tail -n 1 "$1.log"
}

run() {
    cd "$1"
    [[ -x slipstream && -x gpu ]] || fail "$PWD holds no programs; make it with: bash benches/gpu.sh pack DIR"
    local server address
    ./slipstream read receipts/*.png --device cuda --text >read.log 2>&1 || fail "the card cannot be used: $(tail -n 1 read.log)"
    echo "the kernels against f64, on the card:"
    for name in cuda_emulation cuda_pixels; do
        printf '  %-16s %s\n' "$name" "$(op_suite "$name")"
    done
    ./gpu --images receipts --weights models/weights --json networks.json >/dev/null
    ./slipstream serve --device cuda --listen 127.0.0.1:0 --log-format json >serve.log 2>&1 &
    server=$!
    trap 'kill "$server" 2>/dev/null || true' EXIT
    for _ in $(seq 120); do
        grep -q 'models are ready' serve.log && break
        kill -0 "$server" 2>/dev/null || fail "the server ended: $(tail -n 1 serve.log)"
        sleep 0.5
    done
    address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' serve.log | head -n 1)
    [[ -n $address ]] || fail "the server did not say where it listens: $(tail -n 1 serve.log)"
    ./slipstream-loadtest --url "http://$address" --profile steady --duration-s "$SOAK_S" --images receipts --json soak.json
    kill "$server"
    wait "$server" || true
    trap - EXIT
    table
}

# networks.json, soak.json and the tests' results, as results.json and as a table.
table() {
    python3 - <<'PYTHON'
import datetime, json, pathlib

networks, soak = (json.loads(pathlib.Path(name).read_text()) for name in ("networks.json", "soak.json"))
suite = {name: [line for line in pathlib.Path(f"{name}.log").read_text().splitlines() if line.startswith("test result")]
         for name in ("cuda_emulation", "cuda_pixels")}
everything = {"date": datetime.date.today().isoformat(), "op_suite": suite, "networks": networks, "soak": soak}
pathlib.Path("results.json").write_text(json.dumps(everything, indent=1))
print(f"{networks['card']}; {networks['parity']}")
for kind in ("detection", "recognition"):
    for row in networks[kind]:
        size = f"{row.get('height', 48)}x{row['width']}"
        print(f"{kind:<12} {row['network']:<9} {size:>9} {row['at_once']:>4} at once "
              f"{row['per_second']:>9.0f}/s  p50 {row['p50_ms']:>7.2f} ms  p99 {row['p99_ms']:>7.2f} ms")
print("everything is in results.json; keep it in benches/results/ with the date and the card")
PYTHON
}

case ${1:-} in
    pack) [[ $# -eq 2 ]] || fail "usage: bash benches/gpu.sh pack DIR"; pack "$2" ;;
    run) run "${2:-$(dirname "${BASH_SOURCE[0]}")}" ;;
    "") work=$(mktemp -d) && pack "$work" && run "$work" ;;
    *) fail "usage: bash benches/gpu.sh [pack DIR | run [DIR]]" ;;
esac
