#!/usr/bin/env bash
# Builds with the address sanitizer and runs the suites of the sandbox in it: every attack of the collection, the
# refused allocations, the handles, and the readers and writers of pictures that plugins reach. Then a bounded pass of
# made-up plugins and files in the same build. Usage: run_sanitized.sh [SECONDS of made-up cases, 60 without it]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds="${1:-60}"
build=(--sanitize address --scratch-path .build/sanitized)

# sanitizer_leaks.txt says which leaks are not this project's. A frame's
# variables stay on the stack after it returns, for setjmp and longjmp of Lua and libpng move between live frames only.
export LSAN_OPTIONS="suppressions=$PWD/Tests/sanitizer_leaks.txt:print_suppressions=0"
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=0:allocator_may_return_null=1:abort_on_error=0"

echo "== Build with the address sanitizer"
swift build --build-tests "${build[@]}"

echo "== Suites of the sandbox"
swift test --disable-xctest --skip-build "${build[@]}" --filter 'MoonLuaTests|MoonPluginsTests|MoonHostTests|MoonImageTests'

echo "== Made-up plugins and files, $seconds seconds"
"$(swift build "${build[@]}" --show-bin-path)/moonproof" fuzz --seconds "$seconds" --folder .build/fuzz-sanitized --memory 6144 --patience 120
