#!/usr/bin/env bash
# Builds the Kubernetes that the cluster tests run and prints the program's path. The first build takes a quarter of an
# hour of CPU and 3 GB of Go's cache; its result is kept outside the checkout, under a key made from the module's files,
# so that a machine pays once for each version.
set -euo pipefail
cd "$(dirname "$0")/kubernetes"

key=$(sha256sum main.go go.mod go.sum | sha256sum | cut -c 1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/wharf-e2e/kubernetes-$key
program=$folder/kubernetes
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
if [ ! -x "$program" ]; then
  version=$(sed -n 's|^\tk8s.io/kubernetes v||p' go.mod)
  IFS=. read -r major minor _ <<<"$version"
  stamp=k8s.io/component-base/version
  echo "e2e/kubernetes.sh: building Kubernetes $version, once" >&2
  # -mod=readonly: what go.sum does not know is not built.
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath \
    -ldflags "-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" \
    -o "$program.new" .
  mv "$program.new" "$program"
fi
echo "$program"
