#!/usr/bin/env bash
# Builds and tries the image where no Docker engine runs. deploy/README.md lists the options.
set -euo pipefail

IMAGE=${IMAGE:-inkling}
SUITE=${SUITE:-bookworm}
STORE=${STORE:-/var/tmp/inkling-image}
CHECK_PORT=${CHECK_PORT:-18000}
READY_SECONDS=${READY_SECONDS:-180}
BUILDAH=(buildah --root "$STORE/storage" --runroot "$STORE/run" --storage-driver vfs)
RUN=(run --isolation chroot --env "INKLING_PORT=$CHECK_PORT")
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'build-image: %s\n' "$*" >&2; exit 1; }
buildah() { command "${BUILDAH[@]}" "$@"; }
in_container() { buildah "${RUN[@]}" "$container" -- "$@"; }

container='' server=''
clean_up() {
  [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
  [[ -z $container ]] || buildah rm "$container" >/dev/null || true
}
trap clean_up EXIT

require() {
  [[ $(id -u) == 0 ]] || fail "must run as root: debootstrap and the chroot isolation need it."
  command -v buildah >/dev/null || fail "buildah is missing: apt-get install buildah"
  [[ -n ${BASE:-} ]] || command -v debootstrap >/dev/null ||
    fail "debootstrap is missing: apt-get install debootstrap; or name an image to build on: BASE=..."
  [[ -n ${BASE:-} || -e $KEYRING ]] || fail "Debian's keys are missing: apt-get install debian-archive-keyring"
  [[ -e README.md ]] || fail "README.md is missing: pyproject.toml names it, and the package does not build without."
  compgen -G 'models/*/*/card.json' >/dev/null || fail "models/ holds no model: train one, or fetch the committed ones."
}

# The first archive of Debian itself that apt on this machine uses for the suite.
mirror() {
  local found=''
  if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2016  # apt expands it
    found=$(apt-get indextargets --format '$(REPO_URI)' \
      'Created-By: Packages' 'Origin: Debian' "Codename: $SUITE" 'Component: main')
  fi
  printf '%s' "${found%%$'\n'*}"
}

apt_proxy() { apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true; }

make_base() {
  local root proxy
  MIRROR=${MIRROR:-$(mirror)}
  [[ -n $MIRROR ]] || fail "apt knows no Debian archive of $SUITE here: run apt-get update, or set MIRROR=..."
  proxy=$(apt_proxy)
  say "base: Debian $SUITE"
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  http_proxy=${http_proxy:-$proxy} debootstrap --variant=minbase --keyring="$KEYRING" \
    --include=ca-certificates,python3,python3-venv,python-is-python3 "$SUITE" "$root" "$MIRROR" >&2 ||
    fail "debootstrap failed; its log is above and in $root/debootstrap/debootstrap.log"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
  buildah config --cmd python "$container"
  buildah commit --quiet --rm "$container" "$BASE" >/dev/null
  container=''
}

# pip's configuration of this machine, the certificates it may name, and the local folders it points to.
pip_volumes() {
  local user=${XDG_CONFIG_HOME:-$HOME/.config}/pip
  local files=() path
  for path in /etc/pip.conf /etc/xdg/pip /etc/ssl/certs; do
    [[ ! -e $path ]] || printf '%s:%s:ro\n' "$path" "$path"
  done
  [[ ! -e $user ]] || printf '%s:/root/.config/pip:ro\n' "$user"
  for path in /etc/pip.conf /etc/xdg/pip/pip.conf "$user/pip.conf"; do
    [[ ! -e $path ]] || files+=("$path")
  done
  # An index on disk (file:///a/index/simple) links to the files beside it, hence the folder above.
  { cat /dev/null "${files[@]}"; env | grep '^PIP_' || true; } | tr -s " =,\t\"'" '\n' |
    sed -n 's#^file://\(/.*[^/]/.*[^/]\)/[^/]*/*$#\1#; s#^file://##; \#^/#p' | sort -u | while read -r path; do
      case $path in
        /etc/xdg/pip/* | /etc/ssl/certs/*) ;; # mounted above
        *) [[ ! -e $path ]] || printf '%s:%s:ro\n' "$path" "$path" ;;
      esac
    done
}

build() {
  local options=() volume name
  while read -r volume; do options+=(--volume "$volume"); done < <(pip_volumes)
  while read -r name; do
    [[ -z ${!name:-} ]] || options+=(--build-arg "$name=${!name}")
  done < <(sed -n 's/^ARG \(PIP_[A-Z_]*\)$/\1/p' Dockerfile)
  say "image: $IMAGE on $BASE"
  # The OCI format has no HEALTHCHECK.
  buildah build --isolation chroot --format docker --build-arg "BASE=$BASE" "${options[@]}" --tag "$IMAGE" . >&2 ||
    fail "the image did not build; see above."
}

try() {
  local command health deadline code
  container=$(buildah from "$IMAGE")
  mapfile -t command < <(buildah inspect --format '{{range .Docker.Config.Cmd}}{{println .}}{{end}}' "$container")
  mapfile -t health < <(
    buildah inspect --format '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' "$container"
  )

  say "inside: the user, what can be written, what is installed"
  in_container python - <<'PYTHON' || fail "the image is not as it should be; see above."
import importlib.metadata
import importlib.util
import os

writable = [path for path in ("/opt/inkling", "/srv", "/srv/inkling/app", "/srv/models") if os.access(path, os.W_OK)]
unwanted = [name for name in ("training", "pip", "setuptools") if importlib.util.find_spec(name)]
print(f"uid {os.getuid()}, gid {os.getgid()}, inkling {importlib.metadata.version('inkling')}")
print(f"writable of ours: {writable}; importable though unwanted: {unwanted}")
raise SystemExit(os.getuid() == 0 or bool(writable) or bool(unwanted))
PYTHON

  say "start: ${command[*]}"
  # Not through a function: that would put a shell between the signal and the service.
  "${BUILDAH[@]}" "${RUN[@]}" "$container" -- "${command[@]}" &
  server=$!
  deadline=$((SECONDS + READY_SECONDS))
  until in_container "${health[@]:1}" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { server=''; fail "the service ended instead of becoming ready; its log is above."; }
    ((SECONDS < deadline)) || fail "the service was not ready within $READY_SECONDS seconds; its log is above."
    sleep 1
  done

  say "answer to a drawn 7"
  in_container python - <<'PYTHON' || fail "the drawn 7 was not answered with 7; see above."
import io
import json
import os
import urllib.error
import urllib.request

from PIL import Image, ImageDraw

page = Image.new("L", (200, 200), 255)
ImageDraw.Draw(page).line([(55, 50), (145, 50), (90, 160)], fill=0, width=16, joint="curve")
file = io.BytesIO()
page.save(file, "PNG")
boundary = "inkling-boundary"
head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\nContent-Type: image/png\r\n\r\n'
request = urllib.request.Request(
    f"http://127.0.0.1:{os.environ['INKLING_PORT']}/predict/digit",
    head.encode() + file.getvalue() + f"\r\n--{boundary}--\r\n".encode(),
    {"Content-Type": f"multipart/form-data; boundary={boundary}"},
)
try:
    answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).read()
except urllib.error.HTTPError as error:
    raise SystemExit(f"{error.code}: {error.read().decode()}")
print(answer.decode())
raise SystemExit(json.loads(answer)["label"] != "7")
PYTHON

  say "stop: SIGTERM"
  kill -TERM "$server"
  code=0
  wait "$server" || code=$?
  server=''
  say "the service ended with exit code $code"
}

require
mkdir -p "$STORE"
if [[ -z ${BASE:-} ]]; then
  BASE=localhost/inkling-base:$SUITE
  buildah inspect --type image "$BASE" >/dev/null 2>&1 || make_base
fi
build
try
say "size: $(buildah images --format '{{.Size}}' "$IMAGE")"
if [[ -n ${OUTPUT:-} ]]; then
  rm -f "$OUTPUT"
  buildah push --quiet "$IMAGE" "docker-archive:$OUTPUT:$IMAGE"
  say "written: $OUTPUT, for docker load --input"
fi
