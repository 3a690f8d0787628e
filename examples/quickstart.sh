#!/usr/bin/env bash
# Builds moonstep and makes one picture twice, steered by a Lua plugin and without it, and a sheet of several.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source examples/setup.sh
install_missing libopenblas-dev liblua5.4-dev libpng-dev libjpeg62-turbo-dev pkg-config

echo "== Building (the first time takes some minutes)"
swift build -c release --product moonstep
moonstep="$(swift build -c release --product moonstep --show-bin-path)/moonstep"

# Prints the seconds of all steps together, out of the JSON report on standard input.
step_seconds() { sed -n 's/.*"step_seconds": \[\([^]]*\)\].*/\1/p' | tr ',' '\n' | awk '{ sum += $1 } END { printf "%.3f", sum }'; }

# Makes the picture in file $1 with the further options.
picture() {
  local file="$1"
  shift
  "$moonstep" generate --model examples/moonlet --prompt "red apple on a blue background" --steps 50 --seed 7 \
    --guidance-scale 3 --output "$file" --json "$@"
}

# The smaller of two numbers, of which the first may be missing.
smaller() { printf '%s\n' "$@" | sort -n | sed -n '/./{p;q}'; }

mkdir -p out
echo "== With the plugin: guidance is cut off at 40 % of the steps; and without it"
# In turns, and the least time of each counts: other programs are at work, too, and the first run of a program is slow.
with="" without=""
for _ in 1 2 3 4; do
  seconds="$(picture out/quickstart.png --quiet --callback sd_cfg_cutoff:cutoff_step_ratio=0.4 | step_seconds)"
  with="$(smaller "$with" "$seconds")"
  seconds="$(picture out/quickstart-without-plugin.png --quiet | step_seconds)"
  without="$(smaller "$without" "$seconds")"
done
echo "== A sheet: four weights of guidance, three seeds"
"$moonstep" sheet --model examples/moonlet --prompt "a sports car on a blue background" --steps 25 --scheduler ddim \
  --x guidance_scale=1,3,5,7 --y seed=1,2,3 --output out/quickstart-sheet.png --quiet

echo
echo "With the plugin:    $PWD/out/quickstart.png ($with s of steps)"
echo "Without the plugin: $PWD/out/quickstart-without-plugin.png ($without s of steps)"
awk -v with="$with" -v without="$without" 'BEGIN {
  if (without > 0) printf "The plugin saved %.2f s of %.2f s, %.0f %%.\n", without - with, without, 100 * (1 - with / without)
}'
echo "The sheet:          $PWD/out/quickstart-sheet.png"
echo
echo "Next, a plugin of your own, and a picture with it:"
echo "  .build/release/moonstep plugin new my_plugin"
echo "  .build/release/moonstep --model examples/moonlet --prompt \"panda on a green background\" --callback my_plugin.lua --preview"
