# Sourced by the scripts: what they need from Debian, installed when it is missing.
# Call it as: install_missing PACKAGE...

install_missing() {
  if ! command -v swift >/dev/null; then
    echo "Swift 6.2 or newer is needed; see https://www.swift.org/install" >&2
    return 1
  fi
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system, so these packages, or what they are called here, must be there: $*"
    return 0
  fi
  local package missing=()
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  echo "== Installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Run this as root first: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}
