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
step_seconds() { sed -n 's/.*"step_seconds": \[\([^]]*\)\].*/\1/p' | tr ',' '\n' | awk '{ sum += $1 } END { printf "%.2f", sum }'; }

# Makes the picture in file $1 in $2 steps with the further options.
picture() {
  local file="$1" steps="$2"
  shift 2
  "$moonstep" generate --model examples/moonlet --prompt "red apple on a blue background" --steps "$steps" --seed 7 \
    --output "$file" --json "$@"
}

mkdir -p out
# The first run of a program is slow, whatever it does: not counted.
picture out/quickstart.png 2 --quiet > /dev/null
echo "== With the plugin: guidance is cut off at 40 % of the steps"
with="$(picture out/quickstart.png 25 --callback sd_cfg_cutoff:cutoff_step_ratio=0.4 | step_seconds)"
echo "== Without it"
without="$(picture out/quickstart-without-plugin.png 25 | step_seconds)"
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
