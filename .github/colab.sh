#!/usr/bin/env bash
# Runs inside Colab's image, with the repository at /course: every lesson from its set-up cell on, in a folder that
# holds nothing but lessons. What Colab brings (torch, numpy, ipykernel and all the rest) must be the same afterwards.
set -euo pipefail
installed() { python3 -m pip list --format=freeze 2>/dev/null | LC_ALL=C sort; }
mkdir -p /content/lessons
cp /course/notebooks/*.ipynb /content/lessons/
python3 -m pip install -q nbval
seen=$(mktemp -d)
installed > "$seen/before"
cd /content/lessons
python3 -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=600 .
installed > "$seen/after"
changed=$(LC_ALL=C comm -23 "$seen/before" "$seen/after")
if [ -n "$changed" ]; then
  printf 'The set-up cell changed or removed what Colab brings:\n%s\n' "$changed"
  exit 1
fi
