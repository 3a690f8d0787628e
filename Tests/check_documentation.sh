#!/usr/bin/env bash
# Builds the documentation of the public modules; a warning, such as a link to nothing, is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v docc >/dev/null; then
  echo "docc, a part of Swift, is not on the path" >&2
  exit 1
fi
build="$(swift build --show-bin-path)"
maps=()
for map in Sources/*/module.modulemap "$build"/*.build/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done
includes=()
for package in lua5.4 libpng libjpeg openblas; do for flag in $(pkg-config --cflags "$package"); do includes+=(-Xcc "$flag"); done; done
target="$(swift -print-target-info | sed -n 's/.*"triple": "\([^"]*\)".*/\1/p' | head -1)"
symbols="$(mktemp -d)"
trap 'rm -rf "$symbols"' EXIT
for module in MoonPipelines MoonHost; do
  mkdir "$symbols/$module"
  swift symbolgraph-extract -module-name "$module" -minimum-access-level public -output-dir "$symbols/$module" \
    -I "$build/Modules" -target "$target" "${maps[@]}" "${includes[@]}"
  docc convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$symbols/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "$module" --output-path "$symbols/$module.doccarchive" \
    --warnings-as-errors >/dev/null
  echo "$module: documentation without warnings"
done
