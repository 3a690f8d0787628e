#!/usr/bin/env bash
# Runs every check: format, Lua sources, imports, the sandbox suites in a debug build, all suites in a release build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source examples/setup.sh
install_missing libopenblas-dev liblua5.4-dev libpng-dev libjpeg62-turbo-dev pkg-config lua5.4 lua-check

echo "== Format of the Swift sources"
swift format lint --strict --parallel --recursive Package.swift Sources Tests

echo "== Lua sources"
scripts=()
while IFS= read -r -d '' script; do scripts+=("$script"); done < <(find plugins examples -name '*.lua' -print0 | sort -z)
for script in "${scripts[@]}"; do luac5.4 -p "$script"; done
luacheck --quiet "${scripts[@]}"

echo "== Lua in the README"
# Each block must parse on its own.
awk '/^```lua$/ { block = 1; name = sprintf("README block at line %d", NR); text = ""; next }
  block && /^```$/ { block = 0; printf "%s%c%s%c", name, 0, text, 0; next }
  block { text = text $0 "\n" }' README.md |
  while IFS= read -r -d '' name && IFS= read -r -d '' text; do
    echo "$name"
    printf '%s' "$text" | luac5.4 -p -
  done

echo "== Debug build, imports checked, and the sandbox suites in it"
swift build --build-tests --explicit-target-dependency-import-check error
# Of the host what a plugin might break; its other suites compute much, and run in the release build.
swift test --skip-build --explicit-target-dependency-import-check error \
  --filter 'MoonLuaTests|MoonPluginsTests|Hostile|PluginFailure|PluginRollback|PluginImage|TensorLife|RunRestore|ArgumentError|Warning'

echo "== Documentation"
bash Tests/check_documentation.sh

echo "== Release build, and all suites in it"
# One build for all that follows, so that nothing is compiled twice.
options=(-c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error)
swift build "${options[@]}" --build-tests
swift test "${options[@]}" --skip-build
binaries="$(swift build "${options[@]}" --show-bin-path)"

echo "== Bundled plugins and examples: check, and their own tests"
"$binaries/moonstep" plugin check plugins examples
"$binaries/moonstep" plugin test plugins examples

echo "== The sandbox: a shuffled order in one process, refused memory, made-up plugins and files"
# Longer: moonproof collection --orders 20 --pairs 1, moonproof refusals, moonproof fuzz --seconds 3600, Tests/run_sanitized.sh;
# on a quiet machine moonproof overshoot --strict.
"$binaries/moonproof" collection --orders 1 --pairs 0 --seed "$RANDOM"
"$binaries/moonproof" refusals --stride 23 --most 20
"$binaries/moonproof" fuzz --seconds 20
