#!/usr/bin/env bash
# Fetches the generations of containerd that Debian's suites have and prints the folder with one of each, as
# SUITE/usr/bin/containerd. They are unpacked, not installed, and kept outside the checkout: a machine fetches them once.
set -euo pipefail

suites=(bookworm trixie sid) # containerd 1.6, 1.7, 2.x
folder=${XDG_CACHE_HOME:-$HOME/.cache}/wharf-e2e/containerd
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

missing=()
for suite in "${suites[@]}"; do
  [ -x "$folder/$suite/usr/bin/containerd" ] || missing+=("$suite")
done
if [ ${#missing[@]} -gt 0 ]; then
  # The machine's own mirror has all suites; what apt knows of the machine's suite is left alone.
  find_mirror() {
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
      sed -n 's/^Debian Debian main //p' | head -n 1
  }
  mirror=$(find_mirror)
  # Who is whose mirror stands in its lists, and a fresh machine has none.
  [ -n "$mirror" ] || { apt-get update --quiet=2 >&2 && mirror=$(find_mirror); }
  [ -n "$mirror" ] || {
    echo "e2e/runtimes.sh: apt has no mirror of Debian configured" >&2
    exit 1
  }
  work=$(mktemp --directory)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"/{lists,cache/archives}/partial
  chmod -R a+rX "$work"
  for suite in "${missing[@]}"; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done >"$work/sources.list"
  : >"$work/status"
  options=(
    -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  )
  apt-get "${options[@]}" --quiet=2 update >&2
  for suite in "${missing[@]}"; do
    mkdir -p "$work/$suite"
    (cd "$work/$suite" && apt-get "${options[@]}" --quiet=2 -o APT::Sandbox::User=root download "containerd/$suite" >&2)
    dpkg-deb --extract "$work/$suite"/containerd_*.deb "$folder/$suite.new"
    mv "$folder/$suite.new" "$folder/$suite"
  done
fi
echo "$folder"
