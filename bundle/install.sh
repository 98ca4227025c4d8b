#!/bin/sh
# 在本目录安装，不联网。Sets the program up in this folder, without a network.
cd "$(dirname "$0")" || exit 1
wanted=$(sed 's/.*"python": "\([0-9.]*\)".*/\1/' bundle.json)
if [ -z "$PYTHON" ]; then
    PYTHON=$(command -v "python$wanted" || command -v python3) || { echo "Python $wanted?" >&2; exit 1; }
fi
exec "$PYTHON" install.py
