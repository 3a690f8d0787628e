#!/usr/bin/env bash
# Makes the pictures of the shelf in README.md: runs the command of each section, and again without its plugin.
# Usage: bash plugins/make_pictures.sh [ID...]; the program is $MOONSTEP, or the one of the release build.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
moonstep="${MOONSTEP:-$PWD/.build/release/moonstep}"
pictures="$PWD/plugins/pictures"
mkdir -p "$pictures" out

# Prints the id and the command of each section of the shelf that has pictures of the demonstration model.
commands() {
  awk '/^### / { id = $2 } id && /^\.build\/release\/moonstep --model examples\/moonlet / { print id "\t" $0 }' plugins/README.md
}

# Runs a command of the guide.
run() { bash -c "${1/#.build\/release\/moonstep/\"\$0\" --quiet}" "$moonstep"; }

# Copies the pictures that out/$1.png stands for to pictures named $2: one, or those of a batch.
keep() {
  local file
  for file in "out/$1.png" "out/$1"-[0-9].png; do
    if [[ -e "$file" ]]; then
      file="${file#"out/$1"}"
      cp "out/$1$file" "$pictures/$2$file"
    fi
  done
}

while IFS=$'\t' read -r id command; do
  if (($#)) && [[ " $* " != *" $id "* ]]; then continue; fi
  if ! grep -q "src=\"pictures/$id" plugins/README.md; then continue; fi
  echo "== $id"
  rm -rf "out/$id".png "out/$id"-[0-9].png "out/${id}_plugins"
  run "$command"
  if [[ "$id" == preview_strip ]]; then
    cp "out/${id}_plugins/preview_strip/strip.png" "$pictures/$id.png"
    continue
  fi
  keep "$id" "$id"
  run "${command%% --callback *}"
  keep "$id" "${id}_without"
done < <(commands)
