# shellcheck shell=bash
# Sourced by script/server, script/test and script/manage: finds or makes everything they need.
#
# Packages go to .venv/, data to VAR_DIR (default var/), nothing anywhere else, except that root
# has apt install what is missing. Every message goes to stderr: tools read JSON from our stdout.

set -euo pipefail
unset CDPATH PYTHONHOME PYTHONPATH

ROOT=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
VENV=$ROOT/.venv
SYSLIBS=$VENV/syslibs # a plain user's copy of the Debian libraries
export VAR_DIR
VAR_DIR=$(realpath -m -- "${VAR_DIR:-$ROOT/var}")
export PYTHONUTF8=1 XDG_CACHE_HOME=$VAR_DIR/cache PIP_CACHE_DIR=${PIP_CACHE_DIR:-$VAR_DIR/cache/pip}

# What WeasyPrint opens, and the Debian packages it comes in.
LIBRARIES=(libgobject-2.0.so.0 libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz.so.0
    libharfbuzz-subset.so.0 libfontconfig.so.1)
LIBRARY_PACKAGES=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core)

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "GAGAL: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

quietly() { # COMMAND... : what it says goes to a file, and to the screen where it failed
    "$@" </dev/null >>"$VAR_DIR/setup.log" 2>&1 || {
        tail -n 15 "$VAR_DIR/setup.log" >&2
        return 1
    }
}

find_python() {
    local name
    if [ "$(id -u)" = 0 ] && ! command -v python3 >/dev/null && command -v apt-get >/dev/null; then
        make_var_dir
        install_packages python3 || true
    fi
    for name in "${PYTHON:-}" python3.11 python3 python3.12 python3.13; do
        [ -n "$name" ] || continue
        PYTHON=$("$name" -c 'import sys, ctypes, sqlite3, ssl, venv, zlib
assert (3, 11) <= sys.version_info[:2] <= (3, 13)
print(sys.executable)' 2>/dev/null) && return
    done
    fail "Python 3.11 tidak ditemukan. Minta administrator mengetik:" "apt-get update && apt-get install -y python3"
}

use_syslibs() {
    [ -d "$SYSLIBS" ] || return 0
    local folders
    folders=$(shopt -s nullglob && printf '%s:' "$SYSLIBS"/usr/lib/*-linux-gnu* "$SYSLIBS"/lib/*-linux-gnu*)
    export LD_LIBRARY_PATH=${folders%:}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    [ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE=$SYSLIBS/fonts.conf
}

libraries_open() { # PYTHON
    "$1" -c 'import ctypes, sys
for name in sys.argv[1:]: ctypes.CDLL(name)' "${LIBRARIES[@]}" 2>/dev/null
}

install_packages() { # PACKAGE... as root, for the whole machine
    say "Memasang paket Debian: $* ..."
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    quietly "${apt[@]}" update && quietly "${apt[@]}" install -y --no-install-recommends "$@"
}

unpack_packages() { # PACKAGE... as a plain user, into .venv/syslibs, with package lists of our own
    say "Mengambil pustaka Debian ke .venv/syslibs (tanpa hak administrator): $* ..."
    local work=$SYSLIBS/apt file
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    local apt=(apt-get -q -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache"
        -o Dir::State::status=/var/lib/dpkg/status -o Debug::NoLocking=1)
    quietly "${apt[@]}" update &&
        quietly "${apt[@]}" install -y --no-install-recommends --download-only "$@" || return 1
    for file in "$work"/cache/archives/*.deb; do
        dpkg-deb -x "$file" "$SYSLIBS" || return 1
    done
    rm -rf "$work"
    cat >"$SYSLIBS/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>$SYSLIBS/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
XML
}

get_packages() { # PACKAGE...
    local command=install_packages
    [ "$(id -u)" = 0 ] || command=unpack_packages
    # A plain user gets pip from the wheel that python3-venv would have used.
    local names=("$@")
    [ "$command" = install_packages ] || names=("${names[@]/#python3-venv/python3-pip-whl}")
    if ! command -v apt-get >/dev/null || ! "$command" "${names[@]}"; then
        fail "Paket sistem belum ada dan tidak dapat dipasang. Minta administrator mengetik:" \
            "apt-get update && apt-get install -y --no-install-recommends $*"
    fi
}

make_venv() {
    find_python
    say "Menyiapkan lingkungan Python di .venv ..."
    rm -rf "$VENV"
    local missing=()
    "$PYTHON" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    libraries_open "$PYTHON" || missing+=("${LIBRARY_PACKAGES[@]}")
    [ ${#missing[@]} = 0 ] || get_packages "${missing[@]}"
    if "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
        quietly "$PYTHON" -m venv "$VENV" || fail "Lingkungan Python tidak dapat dibuat di $VENV."
        return
    fi
    local wheel
    wheel=$(find "$SYSLIBS/usr/share/python-wheels" -name 'pip-*.whl' 2>/dev/null | head -n 1)
    [ -n "$wheel" ] || fail "pip tidak ditemukan. Minta administrator mengetik:" \
        "apt-get update && apt-get install -y python3-venv"
    quietly "$PYTHON" -m venv --without-pip "$VENV" &&
        quietly "$VENV/bin/python" "$wheel/pip" install --no-index "$wheel" ||
        fail "pip tidak dapat dipasang ke $VENV."
}

fingerprint() { # FILE...
    { echo "$ROOT" && "$VENV/bin/python" -c 'import sys; print(sys.version_info[:2])' && cat -- "$@"; } 2>/dev/null |
        sha256sum | cut -d ' ' -f 1
}

install_requirements() { # runtime | dev
    local kind=$1 file=$ROOT/requirements.txt stamps=$VENV/stamps
    [ "$kind" = runtime ] || file=$ROOT/requirements-dev.txt
    local pins=("$ROOT/requirements.txt" "$ROOT/constraints.txt")
    if [ -x "$VENV/bin/python" ] && grep -qsx "$kind $(fingerprint "${pins[@]}" "$file")" "$stamps"; then
        return
    fi
    # A set-up that was cut short left no stamp: begin afresh. So does another Python.
    grep -qsx "python $(fingerprint)" "$stamps" || make_venv
    rm -f "$stamps"
    say "Memasang paket Python (kali pertama sekitar satu menit) ..."
    quietly "$VENV/bin/python" -m pip install --no-input --prefer-binary --disable-pip-version-check \
        --progress-bar off --root-user-action ignore -c "$ROOT/constraints.txt" -r "$file" ||
        fail "Paket Python tidak dapat dipasang (lihat pesan di atas). Periksa jaringan, lalu jalankan lagi."
    {
        echo "python $(fingerprint)"
        echo "runtime $(fingerprint "${pins[@]}" "$ROOT/requirements.txt")"
        [ "$kind" = runtime ] || echo "dev $(fingerprint "${pins[@]}" "$file")"
    } >"$stamps.new"
    mv "$stamps.new" "$stamps"
}

make_var_dir() {
    mkdir -p "$VAR_DIR" 2>/dev/null && [ -w "$VAR_DIR" ] ||
        fail "Folder data $VAR_DIR tidak dapat ditulis oleh $(id -un). Setel VAR_DIR ke folder lain."
}

setup() { # runtime | dev
    make_var_dir
    exec 9<"$ROOT" # two commands at once: one sets up, the other waits
    flock 9
    install_requirements "$1"
    use_syslibs
    if ! libraries_open "$VENV/bin/python"; then
        get_packages "${LIBRARY_PACKAGES[@]}"
        use_syslibs
        libraries_open "$VENV/bin/python" || fail "Pustaka PDF (Pango) tidak dapat dibuka." \
            "Periksa: ${LIBRARIES[*]}"
    fi
    exec 9<&-
}

demo_environment() {
    export HOST=${HOST:-127.0.0.1} PORT=${PORT:-8000} DEMO=${DEMO:-1}
    case $DEMO in 0 | false | no | off | "") return ;; esac
    local shown=$HOST
    case $HOST in
    0.0.0.0 | ::)
        shown=127.0.0.1
        export ALLOWED_HOSTS=${ALLOWED_HOSTS-$(hostname),$(hostname -I 2>/dev/null | tr -s ' ' ',')}
        ;;
    *:*) shown="[$HOST]" ;;
    esac
    export LOG_LEVEL=${LOG_LEVEL:-WARNING}
    export PUBLIC_URL=${PUBLIC_URL:-http://$shown:$PORT}
    export GOVERNMENT_NAME=${GOVERNMENT_NAME-Pemerintah Kota Arunika}
    local letterhead="PEMERINTAH KOTA ARUNIKA|DINAS KOMUNIKASI DAN INFORMATIKA"
    letterhead+="|Jalan Gandaria Raya Nomor 1, Arunika Tengah, Kota Arunika 00000"
    letterhead+="|Laman diskominfo.kota-arunika.example, pos-el diskominfo@kota-arunika.example"
    export GOVERNMENT_LETTERHEAD=${GOVERNMENT_LETTERHEAD-$letterhead}
}
