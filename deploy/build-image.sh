#!/usr/bin/env bash
# Builds and tries the image where no Docker engine runs. deploy/README.md lists the options.
set -euo pipefail

IMAGE=${IMAGE:-inkling}
RUNTIME=${RUNTIME:-savedmodel}
SUITE=${SUITE:-bookworm}
STORE=${STORE:-${XDG_CACHE_HOME:-$HOME/.cache}/inkling-image}
CHECK_PORT=${CHECK_PORT:-18000}
READY_SECONDS=${READY_SECONDS:-180}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Before the folder changes: they may be relative to the caller's.
STORE=$(realpath -m "$STORE")
OUTPUT=${OUTPUT:+$(realpath -m "$OUTPUT")}
DOCKER_CONFIG=${DOCKER_CONFIG:+$(realpath -m "$DOCKER_CONFIG")}
# Docker takes a folder without the file for no credentials; buildah would neither commit nor push.
[[ -e $DOCKER_CONFIG/config.json ]] || unset DOCKER_CONFIG
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'build-image: %s\n' "$*" >&2; exit 1; }
buildah() { command buildah --root "$STORE/storage" --runroot "$STORE/run" --storage-driver vfs "$@"; }

container=''
clean_up() {
  [[ -z $container ]] || buildah rm "$container" >/dev/null || true
}
trap clean_up EXIT

require() {
  [[ $(id -u) == 0 ]] || fail "must run as root: debootstrap and the chroot isolation need it."
  type -P buildah >/dev/null || fail "buildah is missing: apt-get install buildah"
  [[ -n ${BASE:-} ]] || type -P debootstrap >/dev/null ||
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

apt_proxy() { apt-config dump --format '%v%n' Acquire::http::Proxy 2>/dev/null | head -n 1 || true; }

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
    {
      tail -n 20 "$root/debootstrap/debootstrap.log" >&2 || true
      fail "debootstrap failed; the end of its log is above."
    }
  # As Debian's own slim images do: the licences stay, what else is for readers goes.
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  find "$root/usr/share/doc" -type d -empty -delete
  rm -rf "$root"/usr/share/{groff,info,linda,lintian,locale,man}
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
    sed -n 's#/*$##; s#^file://\(/.*[^/]/.*[^/]\)/[^/]*$#\1#; s#^file://##; \#^/#p' | sort -u | while read -r path; do
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
  done < <(sed -nE 's/^ARG (PIP_[A-Z_]*|EVERY_VERSION)$/\1/p' Dockerfile)
  say "image: $IMAGE on $BASE, with the runtime $RUNTIME"
  # The OCI format has no HEALTHCHECK.
  buildah build --isolation chroot --format docker --build-arg "BASE=$BASE" --build-arg "RUNTIME=$RUNTIME" \
    "${options[@]}" --tag "$IMAGE" . >&2 ||
    fail "the image did not build; see above."
  # A rebuild leaves its predecessor without a name; with layers kept, what is nameless is the cache.
  [[ ${BUILDAH_LAYERS:-false} == true ]] || buildah rmi --prune >/dev/null || true
}

# From inside, with the image's own command and health check: a signal to buildah would not reach the service.
try() {
  say "try: $IMAGE"
  container=$(buildah from "$IMAGE")
  buildah run --isolation chroot --env "INKLING_PORT=$CHECK_PORT" "$container" -- \
    python - "$(buildah inspect --type image "$IMAGE")" "$READY_SECONDS" <<'PYTHON' ||
import importlib.metadata
import importlib.util
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from PIL import Image, ImageDraw

config = json.loads(sys.argv[1])["Docker"]["config"]
ready_seconds = int(sys.argv[2])


def drawn_seven():
    page = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(page).line([(55, 50), (145, 50), (90, 160)], fill=0, width=16, joint="curve")
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def post(path, image):
    head = b'--part\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'
    request = urllib.request.Request(
        f"http://127.0.0.1:{os.environ['INKLING_PORT']}{path}",
        head + image + b"\r\n--part--\r\n",
        {"Content-Type": "multipart/form-data; boundary=part"},
    )
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).read().decode()
    except urllib.error.HTTPError as error:
        sys.exit(f"{path} answered {error.code}: {error.read().decode()}")


version = importlib.metadata.version("inkling")
ours = ("/", "/opt/inkling", "/srv", "/srv/inkling/app", "/srv/models")
writable = [path for path in ours if os.access(path, os.W_OK)]
needless = ("training", "pip", "setuptools", *(["tensorflow"] if os.environ["INKLING_RUNTIME"] != "savedmodel" else []))
unwanted = [name for name in needless if importlib.util.find_spec(name)]
print(f"inkling {version}, uid {os.getuid()}, may write {writable}, finds {unwanted}", flush=True)
if os.getuid() == 0 or writable or unwanted:
    sys.exit(f"it should not be root, write to any of these, or find any of {', '.join(needless)}")

try:
    socket.create_server(("", int(os.environ["INKLING_PORT"]))).close()
except OSError as error:
    sys.exit(f"port {os.environ['INKLING_PORT']}: {error.strerror}; set CHECK_PORT")

service = subprocess.Popen(config["Cmd"])
try:
    start = time.monotonic()
    while subprocess.run(config["Healthcheck"]["Test"][1:], stderr=subprocess.DEVNULL).returncode:
        if service.poll() is not None:
            sys.exit(f"the service ended with {service.returncode} instead of becoming ready")
        if time.monotonic() - start > ready_seconds:
            sys.exit(f"not ready within {ready_seconds} seconds")
        time.sleep(2)
    print(f"healthy after {time.monotonic() - start:.0f} s", flush=True)
    answer = post("/predict/digit", drawn_seven())
    print(f"a drawn 7 is answered: {answer}", flush=True)
    if json.loads(answer)["label"] != "7":
        sys.exit("that is no 7")
    service.send_signal(signal.Signals[config.get("StopSignal", "SIGTERM")])
    code = service.wait(timeout=45)
    print(f"stopped with {code}", flush=True)
    if code != 0:
        sys.exit("it should have ended by itself, with 0")
finally:
    service.kill()
PYTHON
    fail "the image failed its trial; see above."
}

# What the files come to packed, as a registry keeps and sends them, in MB. The trial's container still has them all.
packed() {
  local root
  root=$(buildah mount "$container")
  echo $(($(tar --create --directory "$root" . | gzip | wc --bytes) / 1000000))
}

require
mkdir -p "$STORE"
if [[ -z ${BASE:-} ]]; then
  BASE=localhost/inkling-base:$SUITE
  buildah inspect --type image "$BASE" >/dev/null 2>&1 || make_base
fi
build
try
say "size: $(buildah images --format '{{.Size}}' "$IMAGE"), $(packed) MB to pull"
if [[ -n $OUTPUT ]]; then
  rm -f "$OUTPUT"
  buildah push --quiet "$IMAGE" "docker-archive:$OUTPUT:$IMAGE"
  say "written: $OUTPUT, for docker load --input"
fi
