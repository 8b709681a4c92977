#!/usr/bin/env bash
# Installs the clients that the end-to-end tests run: Debian's packages, tools of the Go module proxy (pinned in
# tools/go.mod) into tools/bin, and Google's client libraries (google/install.sh). Does only what is not done yet.
set -euo pipefail
cd "$(dirname "$0")"

packages=(
  build-essential ca-certificates curl jq openssl # what building, TLS and JWTs need
  skopeo podman buildah crun                      # clients that share containers/image
  containerd runc docker.io                       # a node's runtime, and the docker command
  busybox-static                                  # what is in the images
  etcd-server containernetworking-plugins         # a cluster's memory, and its Pods' network
  iproute2 util-linux                             # a bridge and namespaces for it
)
# Another package than Debian's may have brought kubectl already, and the two do not go together.
command -v kubectl >/dev/null || packages+=(kubernetes-client)
# So may Python and Node have come from elsewhere.
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update --quiet=2
  # No daemon is wanted: the tests start what they need themselves.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
fi

command -v go >/dev/null || {
  echo "e2e/install.sh: the Go toolchain is not installed; tools/go.mod names the version it takes" >&2
  exit 1
}
command -v gcloud >/dev/null || {
  echo "e2e/install.sh: gcloud is not installed; it is the package google-cloud-cli of Google's own archive" >&2
  exit 1
}
(cd tools && GOBIN="$PWD/bin" GOFLAGS=-mod=readonly go install tool)
google/install.sh
