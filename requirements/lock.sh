#!/bin/sh
# Locks every requirements/*.in to versions and hashes (no index address goes into a lock file).
set -eu
cd "$(dirname "$0")"
for name in lambda dev emulator; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$name.in" -o "$name.txt"
    echo "locked requirements/$name.txt"
done
