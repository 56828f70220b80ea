#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Shows that the two commands of the README work on an empty Debian 12: makes one, clones the project into it, builds,
# serves, and tests.
#
# usage: tests/checks/bare-root.sh [--keep] [--steps LIST] [DIRECTORY]
#   DIRECTORY     where the root is made (default: a fresh one under TMPDIR, or /var/tmp); must not exist
#   --steps LIST  some of: setup build smoke demo test (default: build smoke demo test)
#   --keep        leave the root there afterwards
#
# The user in it is an ordinary one with sudo.
# Needs root, debootstrap, and a Debian package source in this machine's own apt configuration; BARE_ROOT_MIRROR
# overrides that source. Takes 2 GB and some minutes. What is committed is tested, not the working tree.
set -eu -o pipefail

# In mount and process namespaces of its own, so that nothing mounted or started here outlives this script.
if [ "${BARE_ROOT_INSIDE:-no}" = no ] && [ "$(id -u)" -eq 0 ]; then
    BARE_ROOT_INSIDE=yes exec unshare --mount --propagation private --pid --fork --kill-child "$0" "$@"
fi

keep=no steps="build smoke demo test" root=
while [ $# -gt 0 ]; do
    case $1 in
        --keep) keep=yes ;;
        --steps) steps=$2; shift ;;
        -h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
        -*) echo "bare-root: unknown option $1 (try --help)" >&2; exit 2 ;;
        *) root=$1 ;;
    esac
    shift
done
project=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "bare-root: debootstrap and chroot need root" >&2; exit 1; }
command -v debootstrap > /dev/null || { echo "bare-root: apt-get install debootstrap" >&2; exit 1; }
if [ -z "$root" ]; then
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/omnihub-bare.XXXXXX")/root
fi
[ ! -e "$root" ] || { echo "bare-root: $root exists already" >&2; exit 1; }

say() {
    echo "bare-root: $* ($(date -u +%H:%M:%S), $SECONDS s)"
}

# Where this machine itself gets Debian 12's main archive from.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)' |
        awk '$2 ~ /^(bookworm|stable|oldstable|12)/ && $3 == "main" && $4 == "Packages" && $1 !~ /security/ { print $1; exit }'
}

# The same sources (security and updates too) for apt inside the root.
sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY) $(ORIGIN) $(SUITE) $(CODENAME)' |
        awk '$4 == "Packages" && $5 == "Debian" && $3 == "main" { print "deb", $1, ($7 == "" ? $2 : $7), "main" }' | sort -u
}

# Runs a command in the root, as its ordinary user.
inside() {
    chroot --userspec=dev:dev "$root" /usr/bin/env -i HOME=/srv LANG=C.UTF-8 TERM=dumb CI=true \
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" < /dev/null
}

tidy_up() {
    umount -l "$root/dev/pts" "$root/dev/shm" "$root/proc" 2> /dev/null || true
    if [ $keep = yes ]; then
        echo "bare-root: kept at $root"
    else
        rm -rf --one-file-system "$root"
        rmdir "$(dirname "$root")" 2> /dev/null || true
    fi
}
trap tidy_up EXIT

from=${BARE_ROOT_MIRROR:-$(mirror)}
[ -n "$from" ] || { echo "bare-root: no Debian source in apt's configuration; set BARE_ROOT_MIRROR" >&2; exit 1; }

say "making an empty Debian 12 in $root"
mkdir -p "$root"
debootstrap --variant=minbase --include=ca-certificates,git,make,sudo bookworm "$root" "$from" > "$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
sources > "$root/etc/apt/sources.list"
[ -s "$root/etc/apt/sources.list" ] || echo "deb $from bookworm main" > "$root/etc/apt/sources.list"
apt-config dump | grep -E '^Acquire::https?::Proxy ' > "$root/etc/apt/apt.conf.d/90proxy" || true
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"

# Whom this machine trusts besides Debian's list: a proxy of its own, say, that npm goes through.
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2> /dev/null || true
chroot "$root" update-ca-certificates > /dev/null 2>&1

say "cloning"
chroot "$root" useradd --home-dir /srv --no-create-home --shell /bin/bash dev
echo 'dev ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/dev"
git -c safe.directory='*' clone -q --no-local "$project" "$root/srv/omnihub"
chroot "$root" chown -R dev:dev /srv

step_setup() {
    inside /srv/omnihub/tools/setup
    local said
    said=$(inside /srv/omnihub/tools/setup 2>&1)
    [ -z "$said" ] || { echo "bare-root: tools/setup is not silent the second time: $said" >&2; return 1; }
}

step_build() {
    inside make -C /srv/omnihub build
    inside /srv/omnihub/build/omnihub version
}

# `make run` until it answers; then it is asked for its health and stopped.
step_smoke() {
    inside python3 /srv/omnihub/tests/checks/smoke.py
}

step_demo() {
    inside make -C /srv/omnihub demo
}

step_test() {
    inside make -C /srv/omnihub test
}

for step in $steps; do
    say "$step"
    "step_$step"
done
say "all of it works: $steps"
