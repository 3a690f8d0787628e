#!/usr/bin/env bash
# Makes the sheets of README.md: examples/pictures/NAME.png for each command below, all with fixed seeds.
# Usage: bash examples/make_pictures.sh; the program is $MOONSTEP, or the one of the release build.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
moonstep="${MOONSTEP:-$PWD/.build/release/moonstep}"
mkdir -p examples/pictures

# Makes the sheet named $1.
sheet() {
  local name="$1"
  shift
  echo "== $name"
  "$moonstep" sheet --model examples/moonlet --steps 25 --quiet --output "examples/pictures/$name.png" "$@"
}

# The official cut-off: less time, nearly the same picture.
sheet cutoff --prompt "red apple on a blue background" --seed 7 --scheduler ddim --zoom 3 --captions seconds,guidance \
  --callback sd_cfg_cutoff --x cutoff_step_ratio=1,0.7,0.4,0.1

# What the latents hold when a plugin ends the run.
sheet latents --prompt "red apple on a blue background" --seed 7 --scheduler ddim --zoom 2 \
  --callback examples/interrupt/stop_after.lua --x stop_after.steps=1,7,13,19,25

# Bundled plugins beside the run without one, where guidance is far too strong and where it is not.
sheet plugins --prompt "panda on a green background" --scheduler ddim --zoom 3 --guidance-scale 15 --y seed=3,7 \
  --x plugin=none --x plugin=guidance_interval:sigma_high=3 --x plugin=guidance_rescale:share=0.7 \
  --x plugin=dynamic_thresholding:mimic_scale=5 --x plugin=cfg_cutoff:cutoff_step_ratio=0.2 --x plugin=detail_boost

# A prompt that changes halfway, earlier and later.
sheet prompt_schedule --prompt "panda on a blue background" --seed 7 --guidance-scale 4 --zoom 4 --callback prompt_schedule:prompt=panda \
  --x 'prompt_schedule.prompt=[panda:smiling face:0.1] on a blue background' \
  --x 'prompt_schedule.prompt=[panda:smiling face:0.3] on a blue background' \
  --x 'prompt_schedule.prompt=[panda:smiling face:0.5] on a blue background' \
  --x 'prompt_schedule.prompt=[panda:smiling face:0.8] on a blue background'
