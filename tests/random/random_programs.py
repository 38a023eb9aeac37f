#!/usr/bin/env python3
"""Random programs with random changes, healed while they run and compared with the changed program built anew.

    random_programs.py STENT [--first SEED] [--count N] [--foreign-stacks POLICY] [--keep DIR] [--stateful]

After apply, every function of the running process must answer as the new build does; after revert, as the old one. Answers of
stateful programs depend on what their data has kept: they are compared with an oracle that has both versions over one set of data.
Where the review says of a variable that its live value is lost, nothing is applied.
A change that `create` refuses is printed with its reason; more than a tenth refused fails the test.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from program import Program
from stateful_program import StatefulProgram, oracle

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_SECONDS = 120
QUERIES = 12
COMPILERS = (("gcc-12", []), ("clang-16", []))
LEVELS = ("-O0", "-O1", "-O2", "-O2", "-O3", "-Os")
KINDS = {"pie": (["-fPIE"], ["-pie"]), "nopie": (["-fno-pie"], ["-no-pie"]), "static": (["-fno-pie"], ["-static"]),
         "static-pie": (["-fPIE"], ["-static-pie"]), "shared": (["-fPIC"], ["-shared"])}
EXTRAS = ([], [], ["-fstack-protector-strong"], ["-fcf-protection"], ["-D_FORTIFY_SOURCE=2"], ["-fno-plt"],
          ["-fvisibility=hidden"], ["-fomit-frame-pointer"], ["-fno-omit-frame-pointer"], ["-g0"],
          ["-fno-asynchronous-unwind-tables"])
# What changed code may call of the compiler's own library is in the target whether or not the old code calls it.
LOST = ("static-removed:", "static-revived:", "static-encoding:", "no-debug-info:")
OF_THE_COMPILER = ["-Wl,-u,__popcountdi2"]


class Failed(Exception):
    pass


class Refused(Exception):
    pass


class Asked(Exception):
    pass


def run(*command, allow=()):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if done.returncode == 0:
        return done.stdout
    if done.returncode in allow:
        raise Refused(done.stderr.strip())
    raise Failed(f"exit status {done.returncode}: {' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")


class Configuration:
    def __init__(self, seed):
        r = random.Random(seed)
        compiler, self.own = r.choice(COMPILERS)
        self.level, self.kind, extra = r.choice(LEVELS), r.choice(list(KINDS)), r.choice(EXTRAS)
        self.compile, self.link = KINDS[self.kind]
        if extra == ["-fvisibility=hidden"] and self.kind == "shared":
            extra = []
        # Functions too short for a jump are refused by name, which has tests of its own.
        wider = ["-fpatchable-function-entry=5"] if self.level == "-Os" else []
        self.command = [compiler, self.level, "-g", "-w", *self.compile, *wider, *extra]
        self.text = " ".join(self.command + self.link)


class Sides:
    """The program before and after the change, and the pairs of objects."""

    def __init__(self, work, seed, configuration, is_stateful):
        self.work, self.configuration = work, configuration
        self.driver_flags = ["-DALONE"] if is_stateful else []
        before = StatefulProgram(seed) if is_stateful else Program(seed)
        after = before.change(seed)
        self.changed, self.pairs, self.programs = after.changed, [], {}
        source = work / "source"
        source.mkdir()
        for side, program in (("before", before), ("after", after)):
            self.build(side, program.sources(), source)
        for unit in before.sources():
            pair = [work / f"{unit}.{side}.pair.o" for side in ("before", "after")]
            if unit != "entries":
                self.pairs += pair
        if is_stateful:
            self.build("oracle", oracle(before, after), source)

    def build(self, side, sources, folder):
        c, objects = self.configuration, []
        for unit, text in sources.items():
            path = folder / f"{unit}.c"
            path.write_text(text)
            objects.append(self.work / f"{unit}.{side}.o")
            run(*c.command, "-c", path, "-o", objects[-1])
            run(*c.command, "-ffunction-sections", "-fdata-sections", "-c", path, "-o",
                self.work / f"{unit}.{side}.pair.o")
        driver = self.work / "driver.o"
        pic = c.compile if c.kind != "shared" else ["-fPIE"]
        run(c.command[0], "-O1", *pic, *self.driver_flags, "-c", HERE / "driver.c", "-o", driver)
        program = self.work / side
        if c.kind == "shared":
            library = self.work / f"lib{side}.so"
            run(c.command[0], "-shared", *objects, *OF_THE_COMPILER, "-o", library, "-lm")
            run(c.command[0], driver, library, f"-Wl,-rpath,{self.work}", "-o", program, "-lm")
        else:
            run(c.command[0], *c.link, driver, *objects, *OF_THE_COMPILER, "-o", program, "-lm")
        self.programs[side] = program

    def target(self):
        return self.work / "libbefore.so" if self.configuration.kind == "shared" else self.programs["before"]


class Process:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answers(self, numbers):
        """One line for each query, with its running number taken off."""
        result = []
        for a, b in numbers:
            self.child.stdin.write(f"{a} {b}\n")
            self.child.stdin.flush()
            line = self.child.stdout.readline()
            if not line:
                raise Failed(f"the target died with status {self.child.wait()}")
            result.append(line.split(" ", 1)[1])
        return result

    def end(self):
        self.child.kill()
        self.child.wait()


def heal(stent, seed, work, configuration, options):
    sides = Sides(work, seed, configuration, options.stateful)
    r = random.Random(seed)
    numbers = [(r.getrandbits(r.choice([8, 32, 64])), r.getrandbits(16)) for _ in range(QUERIES)]
    patch = work / "fix.stent"
    if options.stateful:
        refuse_lost_values(stent, sides.pairs)
    made = run(stent, "create", "--ack", "*=random", "--target", sides.target(), "-o", patch, *sides.pairs, allow=(11,))
    wanted = (Oracle if options.stateful else Builds)(sides, numbers)
    process = Process(sides.programs["before"])
    try:
        if not patch.exists() and process.answers(numbers) != wanted.of("after"):
            raise Failed(f"create says there is nothing to change, but there is: {made}")
        if not patch.exists():
            return "nothing"
        for side, verb in (("before", None), ("after", "apply"), ("before", "revert"), *wanted.once_more):
            if verb:
                run(stent, verb, patch, "--pid", process.child.pid, "--timeout", "60", f"--foreign-stacks={options.foreign_stacks}",
                    allow=(11,) if verb == "apply" else ())
            if process.answers(numbers) != wanted.of(side):
                raise Failed(f"after {verb}: the process does not answer as the {side} build does (changed: {sides.changed})")
    finally:
        process.end()
        wanted.end()
    return "healed, same answers" if wanted.same else "healed"


def refuse_lost_values(stent, pairs):
    """Compilers take a variable that nothing in the new build stores to for constant."""
    for old, new in zip(pairs[::2], pairs[1::2]):
        said = subprocess.run([stent, "review", "--json", old, new], capture_output=True, text=True, check=False).stdout
        lost = [finding["id"] for finding in json.loads(said)["findings"] if finding["id"].startswith(LOST)]
        if lost:
            raise Asked(" ".join(lost))


class Builds:
    """What processes that began with the one build and the other answer."""

    once_more = (("after", "apply"),)

    def __init__(self, sides, numbers):
        self.answers = {}
        for side, program in sides.programs.items():
            process = Process(program)
            self.answers[side] = process.answers(numbers)
            process.end()
        self.same = self.answers["before"] == self.answers["after"]

    def of(self, side):
        return self.answers[side]

    def end(self):
        pass


class Oracle:
    """What a process answers that goes on with its data: asked in step with it."""

    once_more = ()  # data that came with a patch begins anew, or not, when it is applied again
    same = False

    def __init__(self, sides, numbers):
        self.process, self.numbers = Process(sides.programs["oracle"]), numbers

    def of(self, side):
        self.process.answers([(int(side == "after"), 1 << 16)])
        return self.process.answers(self.numbers)

    def end(self):
        self.process.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stent")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--foreign-stacks", default="scan")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--stateful", action="store_true")
    options = parser.parse_args()
    counts, failures, refused = {}, [], 0
    for seed in range(options.first, options.first + options.count):
        configuration = Configuration(seed)
        with tempfile.TemporaryDirectory(prefix="stent-random-") as scratch:
            work = pathlib.Path(scratch)
            if options.keep:
                work = options.keep / str(seed)
                work.mkdir(parents=True)
            try:
                outcome = heal(options.stent, seed, work, configuration, options)
            except Asked as question:
                outcome = f"asked: {question}"
            except Refused as refusal:
                outcome, refused = f"refused: {refusal}", refused + 1
            except (Failed, subprocess.TimeoutExpired) as failure:
                outcome = f"FAILED: {failure}"
                failures.append(seed)
            print(f"{seed} {configuration.text}: {outcome}", flush=True)
            counts[outcome.split(":")[0]] = counts.get(outcome.split(":")[0], 0) + 1
    print(counts, "failed seeds:", failures)
    return 1 if failures or refused * 10 > options.count or not counts.get("healed") else 0


if __name__ == "__main__":
    sys.exit(main())
