#!/bin/sh
# Prints the newest Python of 3.13 (the one the function is deployed on), 3.12 and 3.11 that runs here.
for version in 3.13 3.12 3.11; do
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version."*/bin/python; do
        if "$python" -c '' 2>/dev/null; then
            echo "$python"
            exit 0
        fi
    done
done
echo "ebs-backup: no Python 3.11, 3.12 or 3.13 was found; install one, or say make PYTHON=/path/to/python" >&2
exit 1
