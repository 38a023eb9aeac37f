#!/usr/bin/env python3
"""Measures what applying costs a running process, beside the floor in the same run.

    live.py STENT [--scan BENCH_SCAN] [--rounds N] [--threads 1,16,128,1000] [--stop-only] [--json]

docs/benchmarks.md says how each number is taken. With --json the last line is one JSON object.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SECTIONS = ["-ffunction-sections", "-fdata-sections"]
FUNCTIONS = 100
OBJECTS = 60


def unit(functions_changed, factor):
    """A source of 100 functions, of which the first `functions_changed` have another factor than 10."""
    lines = []
    for i in range(FUNCTIONS):
        by = factor if i < functions_changed else 10
        lines.append(f"unsigned long work_{i}(unsigned long n) {{ return n * {by} + n % {7 + i}; }}")
    return "\n".join(lines) + "\n"


class Builder:
    def __init__(self, work, stent):
        self.work, self.stent = work, stent
        source = work / "unit.c"
        self.objects = {}
        for name, changed, flags in (("plain", 0, []), ("old", 0, SECTIONS), ("one", 1, SECTIONS),
                                     ("hundred", FUNCTIONS, SECTIONS)):
            source.write_text(unit(changed, 20))
            self.objects[name] = work / f"{name}.o"
            subprocess.run(["gcc", "-O2", *flags, "-c", source, "-o", self.objects[name]], check=True)
        subprocess.run(["gcc", "-O2", HERE / "floor.c", "-o", work / "floor"], check=True)

    def program(self, name, libraries=()):
        path = self.work / name
        subprocess.run(["gcc", "-O2", HERE / "target.c", self.objects["plain"], "-o", path, "-pthread",
                        "-Wl,--no-as-needed", *libraries, f"-Wl,-rpath,{self.work}"], check=True)
        return path

    def libraries(self):
        made = []
        for i in range(OBJECTS):
            source = self.work / f"library_{i}.c"
            source.write_text(f"int variable_{i} = {i}; int function_{i}(void) {{ return variable_{i}++; }}\n")
            made.append(self.work / f"liblibrary_{i}.so")
            subprocess.run(["gcc", "-O2", "-shared", "-fPIC", source, "-o", made[-1]], check=True)
        return made

    def patch(self, program, changed, *options):
        path = self.work / f"{program.name}-{changed}{'-'.join(options)}.stent"
        subprocess.run([self.stent, "create", "--ack", "*=a measurement", "--target", program, "-o", path, *options,
                        self.objects["old"], self.objects[changed]], check=True, stdout=subprocess.DEVNULL)
        return path


class Target:
    def __init__(self, program, blocked, running=0, spinning=1):
        self.child = subprocess.Popen([program, str(blocked), str(running), str(spinning)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "ready\n"

    def ask(self, what):
        self.child.stdin.write(what + "\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def microseconds(nanoseconds):
    return round(nanoseconds / 1000, 1)


class Stent:
    def __init__(self, program):
        self.program = program

    def run(self, verb, patch, target, *options):
        """(the JSON report, seconds of the whole command)"""
        before = time.perf_counter()
        done = subprocess.run([self.program, verb, patch, "--pid", str(target.child.pid), "--json", *options],
                              capture_output=True, text=True)
        took = time.perf_counter() - before
        if done.returncode != 0:
            raise SystemExit(f"{verb} {patch.name}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout), took


def apply_and_revert(stent, patch, target, *options):
    """One cycle: the largest gap in nanoseconds, the report and the seconds of the apply, and an idle gap."""
    target.ask("gap")
    report, took = stent.run("apply", patch, target, *options)
    gap = target.ask("gap")
    assert target.ask("value") == 63, "apply had no effect"
    stent.run("revert", patch, target)
    assert target.ask("value") == 33, "revert had no effect"
    target.ask("gap")
    time.sleep(took)
    return gap, report, took, target.ask("gap")


def twin_gap(stent, patch, target, twin, *options):
    """The largest gap in nanoseconds while the same is done to another process like it: what the machine makes of a busy stent."""
    target.ask("gap")
    stent.run("apply", patch, twin, *options)
    gap = target.ask("gap")
    stent.run("revert", patch, twin)
    return gap


def floor_of(work, target, rounds):
    done = subprocess.run([work / "floor", str(target.child.pid), str(rounds)], capture_output=True, text=True, check=True)
    return list(map(int, done.stdout.split()))


def measure_pauses(work, stent, program, patch, blocked, rounds):
    with Target(program, blocked) as target, Target(program, blocked, 0, 0) as twin:
        cycles, twins = [], []
        for _ in range(rounds):
            cycles.append(apply_and_revert(stent, patch, target))
            twins.append(twin_gap(stent, patch, target, twin))
        floor = floor_of(work, target, rounds)
    baseline = statistics.median(idle for *_, idle in cycles)
    gaps = [gap for gap, *_ in cycles]
    windows = [report["stop_window_ns"] for _, report, *_ in cycles]
    return {
        "pause_us": microseconds(max(0, statistics.median(gaps) - baseline)),
        "pause_p99_us": microseconds(max(0, percentile(gaps, 99) - baseline)),
        "idle_gap_us": microseconds(baseline),
        "twin_gap_us": microseconds(statistics.median(twins)),
        "window_us": microseconds(statistics.median(windows)),
        "window_p99_us": microseconds(percentile(windows, 99)),
        "floor_us": microseconds(statistics.median(floor)),
        "window_ratio": round(statistics.median(windows) / statistics.median(floor), 2),
        "search_kb": round(statistics.median(r.get("foreign_search_bytes", 0) for _, r, *_ in cycles) / 1000),
        "search_us": microseconds(statistics.median(r.get("foreign_search_ns", 0) for _, r, *_ in cycles)),
    }, median_phases([report for _, report, *_ in cycles])


def median_phases(reports):
    """What the stop window was spent on: the median of each phase, in microseconds."""
    phases = [report["stop_phases_ns"] for report in reports]
    phases = [row | {"release": r["stop_window_ns"] - sum(row.values())} for row, r in zip(phases, reports)]
    return {name: microseconds(statistics.median(row[name] for row in phases)) for name in phases[0]}


def window(stent, program, patch, blocked, running, rounds):
    with Target(program, blocked, running, 0) as target:
        reports = [apply_and_revert(stent, patch, target)[1] for _ in range(rounds)]
    return statistics.median(report["stop_window_ns"] for report in reports), median_phases(reports)


def ratio_of_functions(stent, program, one, hundred, rounds):
    """The windows of the two patches on one target, taken in turn."""
    windows = {one: [], hundred: []}
    with Target(program, 16) as target:
        for _ in range(rounds):
            for patch, found in windows.items():
                found.append(apply_and_revert(stent, patch, target)[1]["stop_window_ns"])
    return round(statistics.median(windows[hundred]) / statistics.median(windows[one]), 2)


def milliseconds(program, *arguments):
    """How long the whole command takes."""
    before = time.perf_counter()
    subprocess.run([program, *map(str, arguments)], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - before) * 1000


def system_calls(program, *arguments):
    """How many the command makes: a number that does not depend on what else the machine does."""
    with tempfile.NamedTemporaryFile() as log:
        subprocess.run(["strace", "-qq", "-o", log.name, program, *map(str, arguments)], stdout=subprocess.DEVNULL, check=True)
        return len(log.readlines())


def commands(stent, program, patch, blocked, rounds):
    """The milliseconds and the system calls of every command that looks at a process, by name."""
    with Target(program, blocked, 0, 0) as target:
        one = ["--pid", target.child.pid]
        lines = {"check": ["check", patch, *one], "apply": ["apply", patch, *one], "list": ["list", *one],
                 "revert": ["revert", patch, *one]}
        times = {name: [] for name in lines}
        for _ in range(rounds):
            for name, line in lines.items():
                times[name].append(milliseconds(stent.program, *line))
        calls = {name: system_calls(stent.program, *line) for name, line in lines.items()}
    return {name: round(statistics.median(found), 2) for name, found in times.items()}, calls


def call_overhead_ns(stent, program, patch):
    """The patched call against the same new code reached without a redirect, as the old code is."""
    with Target(program, 1, 0, 0) as target:
        differences = []
        for _ in range(5):
            before = target.ask("call")
            stent.run("apply", patch, target)
            patched = target.ask("call")
            stent.run("revert", patch, target)
            differences.append((patched - before) / 1000)
    return round(statistics.median(differences), 2)


def entry_pauses(builder, stent, program, rounds):
    """Of `entry` with --no-stop at 1,000 threads. What the spinning thread sees by itself varies: no noise may pass for a success."""
    patch = builder.patch(program, "one", "--consistency", "entry")
    options = ("--consistency", "entry", "--no-stop")
    with Target(program, 1000) as target, Target(program, 1000, 0, 0) as twin:
        cycles, twins = [], []
        for _ in range(rounds):
            cycles.append(apply_and_revert(stent, patch, target, *options))
            twins.append(twin_gap(stent, patch, target, twin, *options))
    gaps, idle = [gap for gap, *_ in cycles], [idle for *_, idle in cycles]
    held = [report["longest_pause_ns"] for _, report, *_ in cycles]
    return {
        "entry_max_pause_us": microseconds(max(0, max(gaps) - statistics.median(idle))),
        "entry_idle_max_us": microseconds(max(idle)),
        "entry_twin_max_us": microseconds(max(twins)),
        "entry_twin_us": microseconds(statistics.median(twins)),
        "entry_pause_us": microseconds(max(0, statistics.median(gaps) - statistics.median(idle))),
        "entry_held_us": microseconds(statistics.median(held)),
        "entry_held_max_us": microseconds(max(held)),
    }


def print_table(rows):
    names = list(next(iter(rows.values())))
    print("threads " + " ".join(f"{name:>13}" for name in names))
    for threads, row in rows.items():
        print(f"{threads:>7} " + " ".join(f"{row[name]:>13}" for name in names))


def print_phases(phases):
    for what, row in phases.items():
        print(f"phases, {what}: " + ", ".join(f"{name} {took}" for name, took in row.items()))


def measure_the_rest(builder, stent, program, one, rounds):
    result = entry_pauses(builder, stent, program, rounds)
    many = builder.program("target_60", builder.libraries())
    many_patch = builder.patch(many, "one")
    result["start_ms"] = round(statistics.median(milliseconds(stent.program, "--version") for _ in range(rounds)), 2)
    whole = {n: commands(stent, many, many_patch, int(n), rounds) for n in ("1", "128")}
    for name in ("apply", "revert", "check", "list"):
        result[f"{name}_ms"] = {n: times[name] for n, (times, _) in whole.items()}
        result[f"{name}_calls"] = {n: calls[name] for n, (_, calls) in whole.items()}
    result["call_overhead_ns"] = call_overhead_ns(stent, program, one)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stent")
    parser.add_argument("--scan", help="the bench_scan program")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--threads", default="1,16,128,1000")
    parser.add_argument("--stop-only", action="store_true", help="only what depends on the stop itself")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    stent = Stent(arguments.stent)
    with tempfile.TemporaryDirectory(prefix="stent-bench-") as folder:
        builder = Builder(pathlib.Path(folder), arguments.stent)
        program = builder.program("target")
        one, hundred = builder.patch(program, "one"), builder.patch(program, "hundred")
        measured = {threads: measure_pauses(builder.work, stent, program, one, int(threads), rounds)
                    for threads in arguments.threads.split(",")}
        rows = {threads: row for threads, (row, _) in measured.items()}
        print_table(rows)
        result = {name: {threads: row[name] for threads, row in rows.items()}
                  for name in ("pause_us", "pause_p99_us", "window_ratio", "window_us", "floor_us")}
        cpu16, cpu16_phases = window(stent, program, one, 1, 16, rounds)
        result["cpu16_window_us"] = microseconds(cpu16)
        phases = {**{threads: row for threads, (_, row) in measured.items()}, "16 that compute": cpu16_phases}
        print_phases(phases)
        result["phases_us"] = phases
        result["functions_100_over_1"] = ratio_of_functions(stent, program, one, hundred, rounds)
        if not arguments.stop_only:
            result |= measure_the_rest(builder, stent, program, one, rounds)
    if arguments.scan:
        both, alone = subprocess.run([arguments.scan], capture_output=True, text=True, check=True).stdout.split()
        result["scan_gbps"] = float(both)
        result["scan_alone_gbps"] = float(alone)
    for name, value in result.items():
        if not isinstance(value, dict):
            print(f"{name}: {value}")
    if arguments.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
