#!/usr/bin/env python3
"""Measures apply and revert on a process with 2, 16, 128 and 1,000 threads, beside the floor in the same run.

    apply_revert.py STENT [--rounds N] [--json]

pause_us: the largest gap that a thread spinning on the clock sees during one apply, minus the median of its largest gap
over an idle stretch of the same length. window_us: first thread stopped to last resumed, by stent's clock. window_ratio:
to the floor (interrupt all, wait, getregs, resume). apply_ms: the whole command. Medians; p99 where named so.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
THREADS = (2, 16, 128, 1000)


def build(work, stent):
    sections = ["-ffunction-sections", "-fdata-sections"]
    unit = work / "unit.c"
    objects = {}
    for name, source, flags in (("plain", "before", []), ("old", "before", sections), ("new", "after", sections)):
        unit.write_text((HERE / f"unit_{source}.c").read_text())
        objects[name] = work / f"{name}.o"
        subprocess.run(["gcc", "-O2", *flags, "-c", unit, "-o", objects[name]], check=True)
    subprocess.run(["gcc", "-O2", HERE / "target.c", objects["plain"], "-o", work / "target", "-pthread"], check=True)
    subprocess.run(["gcc", "-O2", HERE / "floor.c", "-o", work / "floor"], check=True)
    subprocess.run([stent, "create", "--target", work / "target", "-o", work / "fix.stent", objects["old"],
                    objects["new"]], check=True, stdout=subprocess.DEVNULL)


class Target:
    def __init__(self, work, threads):
        self.child = subprocess.Popen([work / "target", str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        assert self.child.stdout.readline() == "ready\n"

    def gap(self):
        """The largest gap since the last call (ns), and what the patched function says."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        gap, value = self.child.stdout.readline().split()
        return int(gap), int(value)

    def end(self):
        self.child.stdin.close()
        self.child.wait()


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def measure(work, stent, threads, rounds):
    target = Target(work, threads)
    windows, pauses, idle, commands = [], [], [], []
    for _ in range(rounds):
        for verb, wanted in (("apply", 63), ("revert", 33)):
            target.gap()
            before = time.perf_counter()
            done = subprocess.run([stent, verb, work / "fix.stent", "--pid", str(target.child.pid), "--json"],
                                  capture_output=True, text=True, check=True)
            took = time.perf_counter() - before
            gap, value = target.gap()
            assert value == wanted, f"{verb} had no effect"
            time.sleep(took)
            idle.append(target.gap()[0])
            if verb == "apply":
                pauses.append(gap)
                windows.append(json.loads(done.stdout)["stop_window_ns"])
                commands.append(took)
    floor = subprocess.run([work / "floor", str(target.child.pid), str(rounds)], capture_output=True, text=True,
                           check=True).stdout.split()
    target.end()
    floor_ns = statistics.median(map(int, floor))
    baseline = statistics.median(idle)
    return {
        "pause_us": round(max(0, statistics.median(pauses) - baseline) / 1000, 1),
        "pause_p99_us": round(max(0, percentile(pauses, 99) - baseline) / 1000, 1),
        "idle_gap_us": round(baseline / 1000, 1),
        "window_us": round(statistics.median(windows) / 1000, 1),
        "floor_us": round(floor_ns / 1000, 1),
        "window_ratio": round(statistics.median(windows) / floor_ns, 2),
        "apply_ms": round(statistics.median(commands) * 1000, 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stent")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stent-bench-") as folder:
        work = pathlib.Path(folder)
        build(work, arguments.stent)
        results = {str(n): measure(work, arguments.stent, n, arguments.rounds) for n in THREADS}
    names = list(next(iter(results.values())))
    print("threads " + " ".join(f"{name:>13}" for name in names))
    for threads, row in results.items():
        print(f"{threads:>7} " + " ".join(f"{row[name]:>13}" for name in names))
    if arguments.json:
        print(json.dumps({name: {threads: row[name] for threads, row in results.items()} for name in names}))


if __name__ == "__main__":
    main()
