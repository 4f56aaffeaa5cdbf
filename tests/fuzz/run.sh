#!/bin/sh
# Runs one fuzz target: ./run.sh header [SECONDS]
#
# Needs cargo-fuzz (`cargo install cargo-fuzz`). RUSTC_BOOTSTRAP lets the stable compiler take the flags of the
# sanitizer, so that no second toolchain is needed. Seeds: seeds/TARGET, and the corpus when RELAYPACS_CORPUS points to
# it. What was found is put into artifacts/TARGET; each finding becomes a test in the crate that it was found in.
set -eu
cd "$(dirname "$0")"
target=${1:?which target? see targets/}
seconds=${2:-120}
mkdir -p "corpus/$target"
set -- "corpus/$target" "seeds/$target"
case $target in
header | dicomdir | archive_members | preview) [ -z "${RELAYPACS_CORPUS:-}" ] || set -- "$@" "$RELAYPACS_CORPUS" ;;
esac
scratch=$(mktemp -d -p /dev/shm relaypacs-fuzz-XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# ASan counts freed memory that it holds back as resident: little of it, so that the limit is the target's own.
ASAN_OPTIONS="quarantine_size_mb=16:${ASAN_OPTIONS:-}"
# A scan's threads have given their results but may still be ending: their thread-locals look like a leak.
leaks=1
[ "$target" != archive_members ] || leaks=0
# One frame of pixels may take 256 MiB, and what is made of it as much again.
most=64 resident=512
[ "$target" != preview ] || { most=300; resident=2048; }
export ASAN_OPTIONS TMPDIR="$scratch" RUSTC_BOOTSTRAP=1
cargo fuzz run --fuzz-dir . --target-dir ../../target/fuzz "$target" "$@" -- \
    -max_total_time="$seconds" -max_len=65536 -malloc_limit_mb="$most" -rss_limit_mb="$resident" -timeout=10 \
    -detect_leaks="$leaks" -print_final_stats=1
