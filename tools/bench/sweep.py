#!/usr/bin/env python3
"""What a user would write in Python: `sweep.py [--apply] FILE`."""
import datetime
import json
import os
import re
import sys

apply = sys.argv[1] == "--apply"
path = sys.argv[-1]
uuid = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
with open(path, encoding="utf-8") as file:
    entries = json.load(file)
held = set()
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                held.update(found.decode() for found in uuid.findall(file.read()))
        except OSError:
            pass
now = datetime.datetime.now(datetime.timezone.utc)
old = (now - datetime.timedelta(days=7)).isoformat()[:19]
ghosts = [key for key, entry in entries.items() if entry.get("lastActivityAt", entry["registeredAt"]) < old and entry["threadId"] not in held]
if not apply:
    print("\n".join(ghosts))
else:
    for key in ghosts:
        del entries[key]
    with open(path + ".next", "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2, ensure_ascii=False)
        file.write("\n")
    os.rename(path + ".next", path)
