"""Runs commands in turns and says what each run cost, as the kernel accounts for it (wait4). JSON in, JSON lines out."""
import json
import os
import subprocess
import sys
import time

job = json.load(sys.stdin)
output = os.open(job["output"], os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
for round_number in range(-job["warmup"], job["rounds"]):
    for index, command in enumerate(job["commands"]):
        if command.get("before"):
            subprocess.run(command["before"], check=True, stdout=subprocess.DEVNULL)
        os.ftruncate(output, 0)
        os.lseek(output, 0, os.SEEK_SET)
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, output, 1)]
        env = {**job["env"], **command.get("env", {})}
        start = time.perf_counter()
        pid = os.posix_spawnp(command["argv"][0], command["argv"], env, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
        if round_number >= 0:
            cpu = usage.ru_utime + usage.ru_stime
            code = os.waitstatus_to_exitcode(status)
            print(json.dumps({"index": index, "wall": wall, "cpu": cpu, "peak": usage.ru_maxrss * 1024, "code": code}), flush=True)
