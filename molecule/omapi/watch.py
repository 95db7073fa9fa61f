"""Look for texts in the arguments of every process until a file appears. argv: file; stdin: the texts."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

texts = sys.stdin.read().encode().split()
seen: set[str] = set()
looks = 0
while not Path(sys.argv[1]).exists():
    looks += 1
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes()
            seen |= {text.decode() for text in texts if text in words}
print(json.dumps({"seen": sorted(seen), "looks": looks}))
