#!/bin/sh
# Locks every requirements/*.in to versions and hashes (no index address goes into a lock file).
set -eu
cd "$(dirname "$0")"
uv=$(cd .. && "${PYTHON:-python3}" -m infra.packages)

lock() {
    name=$1
    shift
    "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-strip-extras \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" "$name.in" -o "$name.txt"
    echo "locked requirements/$name.txt"
}

# The function's packages first: no tool may hold them back. Then the largest set, and the smaller ones out of it.
lock uv
lock lambda
lock dev --constraint lambda.txt
lock demo --constraint dev.txt
lock deploy --constraint dev.txt
lock emulator --constraint lambda.txt
lock audit
