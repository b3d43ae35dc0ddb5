#!/bin/sh
# Programs that some tests drive. Installs what is missing with apt where it may (root, or sudo
# without a password); otherwise says what is missing: those tests are then skipped with a reason.
set -u

missing=
need() { # program package
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need redis-server redis-server
need nginx nginx
need openssl openssl
need chromium chromium
need firefox-esr firefox-esr
need pulseaudio pulseaudio
need paplay pulseaudio-utils
need sox sox
need node nodejs
python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing="$missing python3-venv"
[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    as_root="sudo -n"
    $as_root true 2>/dev/null || as_root=no
fi
if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Some tests will be skipped; they need:$missing" >&2
    exit 0
fi

install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >>.run/apt.log 2>&1
}
mkdir -p .run
echo "Installing for the tests:$missing (log: .run/apt.log)" >&2
$as_root apt-get -o DPkg::Lock::Timeout=300 update >.run/apt.log 2>&1 || true
# shellcheck disable=SC2086 # a list of words
install $missing && exit 0
for package in $missing; do # perhaps one name is unknown to this distribution
    install "$package" || echo "apt could not install $package (.run/apt.log); tests that need it are skipped" >&2
done
