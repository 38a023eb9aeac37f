#!/usr/bin/env python3
"""Applies and reverts two patches again and again in a program that does everything at once, killing stent now and then:
one in one stop, the other with --no-stop.

    chaos.py STENT [--cycles N] [--kills K] [--seed S]

At the end nothing may be lost: the target is alive, every signal was counted, every value was right, no mapping or
descriptor is left over, and its code is what it was. No epoll_wait is interrupted but by a stent that was killed while it
stopped the threads (docs/safety.md, "Known gaps").
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NEVER = ("wrong", "damaged", "uncaught")
ALREADY_APPLIED, NOT_APPLIED = 9, 10


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def build(stent, work):
    """The target, and two patches of it: for one stop, and for none."""
    for name, step, extra in (("before", 1, 0), ("after", 2, 7), ("alone", 1, 9)):
        run("gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections", f"-DSTEP={step}", f"-DEXTRA={extra}", "-c",
            HERE / "work.c", "-o", work / f"{name}.o")
    run("g++", "-std=c++20", "-O2", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wl,--build-id",
        HERE / "target.cpp", work / "before.o", "-o", work / "target")
    for after, consistency in (("after", "all"), ("alone", "entry")):
        run(stent, "create", "--ack", "*=a test", "--target", work / "target", "-o", work / f"{after}.stent",
            "--consistency", consistency, work / "before.o", work / f"{after}.o")
    return work / "target", work / "after.stent", work / "alone.stent"


class Target:
    def __init__(self, program):
        # Nice, or its many busy threads would leave stent no processor.
        self.child = subprocess.Popen(["nice", "-n", "10", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.child.pid
        assert self.child.stdout.readline() == "ready\n"

    def ask(self, question="report"):
        self.child.stdin.write(question + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline().split()
        if not line:
            sys.exit(f"the target ended, status {self.child.wait()}")
        return {line[i]: int(line[i + 1]) for i in range(0, len(line), 2)}

    def code(self):
        """The bytes of everything executable that comes from a file."""
        found = {}
        with open(f"/proc/{self.pid}/maps") as maps, open(f"/proc/{self.pid}/mem", "rb") as memory:
            for line in maps:
                span, permissions, *rest = line.split()
                if "x" in permissions and len(rest) > 3 and rest[3].startswith("/"):
                    begin, end = (int(word, 16) for word in span.split("-"))
                    memory.seek(begin)
                    found[line.strip()] = memory.read(end - begin)
        return found

    def stents(self):
        """Mappings and descriptors that only stent can have made."""
        maps = pathlib.Path(f"/proc/{self.pid}/maps").read_text().splitlines()
        links = [path for path in pathlib.Path(f"/proc/{self.pid}/fd").iterdir() if path.exists()]
        return [line for line in maps if "stent" in line] + [
            str(path.readlink()) for path in links if "stent" in str(path.readlink())]

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.pid}/fd").iterdir()))

    def end(self):
        self.child.kill()
        self.child.wait()


def stent_killed(command, after):
    """Runs stent and kills it after so many seconds; True when it was still at work."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    child.kill()
    return child.wait() < 0


def must(command, allowed):
    """Runs stent to its end; returns how long it took."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


def cycles(options, stent, target, patch, alone, chance):
    # The machine may be loaded: a thread is given two seconds to come to its stop.
    how = ["--pid", str(target.pid), "--timeout", "60"]
    stopping = [[stent, what, str(patch), *how, "--max-pause", "2000"] for what in ("apply", "revert")]
    without_stop = [[stent, what, str(alone), *how, "--no-stop"] for what in ("apply", "revert")]
    kill_every = options.cycles / options.kills if options.kills else 0
    killed, usual, interrupted = 0, 0.02, 0
    for cycle in range(options.cycles):
        killed_before = killed
        to_kill = kill_every and cycle >= killed * kill_every and killed < options.kills
        apply, revert = without_stop if chance.random() < 0.25 else stopping
        for command, done_before in ((apply, ALREADY_APPLIED), (revert, NOT_APPLIED)):
            if to_kill and chance.random() < 0.5:
                to_kill = False
                killed += stent_killed(command, chance.uniform(0, usual))
            took = must(command, (0, done_before))
            usual = 0.9 * usual + 0.1 * took
        before, interrupted = interrupted, target.ask()["interrupted"]
        if interrupted != before and killed == killed_before:
            print(f"cycle {cycle}: {interrupted - before} waits interrupted, and no stent was killed", flush=True)
            if not options.overloaded:
                sys.exit(1)
        if cycle % 100 == 99 or cycle == options.cycles - 1:
            counters = target.ask()
            print(f"cycle {cycle + 1}: {killed} killed, {counters}", flush=True)
            bad = {name: counters[name] for name in NEVER if counters[name]}
            if bad:
                sys.exit(f"lost: {bad}")
    return killed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stent")
    parser.add_argument("--cycles", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--overloaded", action="store_true",
                        help="the machine may not run a thread for seconds, which then sees EINTR: tell, go on")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        program, patch, alone = build(options.stent, pathlib.Path(folder))
        target = Target(program)
        try:
            code, descriptors, began = target.code(), target.descriptors(), target.ask()
            killed = cycles(options, options.stent, target, patch, alone, chance)
            end = target.ask("settle")
            assert end["sent"] == end["received"], f"signals lost: {end}"
            assert all(end[name] == 0 for name in NEVER), end
            for name in ("computed", "blocks", "locked", "thrown", "born", "waits", "sent"):
                assert end[name] > began[name], f"{name} stood still: {end}"
            # What a revert kept because a thread was just inside is freed by a later command.
            for _ in range(200):
                if not target.stents():
                    break
                must([options.stent, "revert", str(patch), "--pid", str(target.pid)], (NOT_APPLIED,))
            assert target.stents() == [], target.stents()
            assert target.descriptors() == descriptors
            assert target.code() == code, "code differs after the last revert"
            print(f"{options.cycles} cycles, {killed} killed: nothing lost")
        finally:
            target.end()


if __name__ == "__main__":
    main()
