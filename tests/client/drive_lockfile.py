"""Read or write a lockfile as the published client does; prints what each profile binds."""

import json
import sys
from pathlib import Path

from llmring.lockfile_core import Lockfile

path, bound = Path(sys.argv[1]), sys.argv[2:]
lockfile = Lockfile.load(path)
for binding in bound:
    alias, _, models = binding.partition("=")
    lockfile.set_binding(alias, models)
if bound:
    lockfile.save(path)
print(json.dumps({n: {b.alias: b.models for b in p.bindings} for n, p in lockfile.profiles.items()}))
