#!/usr/bin/env python3
"""A callee that destroys more registers than before, with callers whose source did not change: gcc lets a caller keep values in
registers that a callee of its own unit leaves alone (-fipa-ra), so that the callers have to come along.

    register_use.py STENT
"""
import json
import pathlib
import sys
import tempfile

from target import Failed, Target, run

LINK = {"-fPIE": ["-pie"], "-fno-pie": ["-no-pie"], "-fPIC": []}
# `leaf` newly uses registers; who calls it, or calls who calls it, relied on their staying as they are.
SOURCE = """#include <stdio.h>
#include <stdlib.h>
#define APART __attribute__((noinline))
volatile long sink;
APART static void leaf(long n) {
  sink = n;
}
APART static void middle(long n) { leaf(n); }
APART long near(long a, long b, long c, long d) { leaf(a); return a * 3 + b * 5 + c * 7 + d * 11; }
APART long far(long a, long b, long c) { middle(a); return a + b * 3 + c * 9; }
APART static long again(long n, long a, long b) {
  if (n <= 0) {
    leaf(a);
    return a * 3 + b;
  }
  return again(n - 1, b, a + n) + a * 2 + b + n;
}
long near_by_another_name(long, long, long, long) __attribute__((alias("near")));
APART double vectors(double a, double b, double c) { leaf(3); return a * 2 + b * 3 + c; }
APART long relies_on_nothing(long a) { leaf(a); return 1; }
APART long apart(long a) { leaf(a); return 1; }
APART static void quiet(long n) { sink = -n; }
APART long relies_on_quiet(long a, long b, long c, long d) { quiet(a); return a * 3 + b * 5 + c * 7 + d * 11; }
long answer(long n) {
  return near(n, n + 1, n + 2, n + 3) + far(n, 5, 6) + again(n & 7, n, 3) + (long)vectors(n, 2, 3) + relies_on_nothing(n) +
         near_by_another_name(n, 1, 2, 3) + relies_on_quiet(n, 5, 6, 7);
}
"""
GREEDY = """  long a = n, b = n * 3, c = n * 5, d = n * 7, e = n ^ 9, f = n | 4, g = n & 6;
  for (long i = 0; i < (n & 3) + 1; i++) a += b * i, b ^= c, c += d, d ^= e, e += f * a, f ^= g, g += a;
  sink = a ^ b ^ c ^ d ^ e ^ f ^ g;
"""
MAIN = """#include <stdio.h>
#include <stdlib.h>
long answer(long n);
long apart(long n);
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%ld\\n", answer(atol(line)) + apart(atol(line)));
  return 0;
}
"""


def build(work, compiler, level, code):
    """A program (with a library of its own for -fPIC) and the pair of objects."""
    for side, text in (("before", SOURCE), ("after", SOURCE.replace("  sink = n;\n", GREEDY))):
        (work / "unit.c").write_text(text)
        run(compiler, level, "-g", code, "-ffunction-sections", "-fdata-sections", "-c", work / "unit.c", "-o", work / f"{side}.o")
    (work / "unit.c").write_text(SOURCE)
    (work / "main.c").write_text(MAIN)
    run(compiler, level, "-g", code, "-c", work / "unit.c", "-o", work / "unit.o")
    if code != "-fPIC":
        run(compiler, "-g", code, *LINK[code], work / "main.c", work / "unit.o", "-o", work / "program")
        return work / "program"
    run(compiler, "-shared", work / "unit.o", "-o", work / "libunit.so")
    run(compiler, work / "main.c", work / "libunit.so", f"-Wl,-rpath,{work}", "-o", work / "program")
    return work / "libunit.so"


def check(stent, work, compiler, level, code):
    target = build(work, compiler, level, code)
    run(stent, "create", "--ack", "*=a test", "--target", target, "-o", work / "fix.stent", work / "before.o", work / "after.o")
    shown = json.loads(run(stent, "show", "--json", work / "fix.stent").stdout)
    names = {f["name"].split(".")[0] for image in shown["images"] for f in image["functions"]}
    if compiler == "gcc-12" and not {"leaf", "near", "far", "again"} <= names:
        raise Failed(f"callers that rely on registers are missing: {sorted(names)}")
    if "relies_on_nothing" in names:
        raise Failed("a caller that relies on nothing is replaced")
    with Target(work / "program") as program:
        before = [program.ask(number) for number in range(1, 9)]
        run(stent, "apply", work / "fix.stent", "--pid", program.pid)
        if [program.ask(number) for number in range(1, 9)] != before:
            raise Failed("a value that a caller kept in a register was lost")
        run(stent, "revert", work / "fix.stent", "--pid", program.pid)
        if [program.ask(number) for number in range(1, 9)] != before:
            raise Failed("after revert a value is lost")


def patch_of(stent, work, name, target, compiler, level, code, text):
    (work / "unit.c").write_text(text)
    run(compiler, level, "-g", code, "-ffunction-sections", "-fdata-sections", "-c", work / "unit.c", "-o", work / f"{name}.o")
    run(stent, "create", "--ack", "*=a test", "--target", target, "-o", work / f"{name}.stent", work / "before.o", work / f"{name}.o")
    return work / f"{name}.stent"


def check_apart(stent, work, compiler, level, code):
    """Two patches made apart: one of a caller that newly relies on registers, the other of the callee that now destroys them. Only one of
    them can be there, whichever came first; both changes in one patch can take its place. A caller that relies on nothing is free."""
    target = build(work, compiler, level, code)
    greedy = SOURCE.replace("  sink = n;\n", GREEDY)
    relying = ("relies_on_nothing(long a) { leaf(a); return 1;", "relies_on_nothing(long a) { leaf(a); return 1 + a * 3;")
    caller = SOURCE.replace(*relying)
    callee = patch_of(stent, work, "callee", target, compiler, level, code, SOURCE.replace("  sink = n;\n", GREEDY))
    both = patch_of(stent, work, "both", target, compiler, level, code, greedy.replace(*relying))
    handing_on = patch_of(stent, work, "handing_on", target, compiler, level, code,
                          SOURCE.replace("quiet(long n) { sink = -n; }", "quiet(long n) { leaf(n + 1); }"))
    free = patch_of(stent, work, "free", target, compiler, level, code, SOURCE.replace("apart(long a) { leaf(a); return 1;", "apart(long a) { leaf(a); return 2;"))
    relies = patch_of(stent, work, "relies", target, compiler, level, code, caller)
    numbers = range(1, 9)
    for first, second in (relies, callee), (callee, relies):
        with Target(work / "program") as program:
            before = [int(program.ask(n)) for n in numbers]
            run(stent, "apply", first, "--pid", program.pid)
            healed = [int(program.ask(n)) for n in numbers]
            if compiler == "gcc-12":
                said = run(stent, "apply", second, "--pid", program.pid, expect=11).stderr
                if "may keep values in" not in said:
                    raise Failed(said)
                run(stent, "check", second, "--pid", program.pid, expect=11)
            else:
                run(stent, "apply", second, "--pid", program.pid)
                run(stent, "revert", second, "--pid", program.pid)
            if [int(program.ask(n)) for n in numbers] != healed:
                raise Failed("the refused patch changed something")
            run(stent, "apply", both, "--replace", first, "--pid", program.pid)
            wanted = [b + 3 * n for b, n in zip(before, numbers)]
            if [int(program.ask(n)) for n in numbers] != wanted:
                raise Failed("a value is lost with both changes in one patch")
    if compiler == "gcc-12":  # who relies on registers is code of the target's that no patch touches
        for first, second in (handing_on, callee), (callee, handing_on):
            with Target(work / "program") as program:
                before = [int(program.ask(n)) for n in numbers]
                run(stent, "apply", first, "--pid", program.pid)
                run(stent, "apply", second, "--pid", program.pid, expect=11)
                if [int(program.ask(n)) for n in numbers] != before:
                    raise Failed("a value is lost, or the refused patch changed something")
    with Target(work / "program") as program:
        run(stent, "apply", callee, "--pid", program.pid)
        run(stent, "apply", free, "--pid", program.pid)
        if [int(program.ask(n)) for n in numbers] != [b + 1 for b in before]:
            raise Failed("a patch of a caller that relies on nothing does not work beside it")


def main():
    failures = 0
    cases = [("gcc-12", level, code) for level in ("-O2", "-O3", "-Os") for code in LINK] + [("clang-16", "-O2", "-fPIE")]
    apart = [("gcc-12", "-O2", "-fPIE"), ("gcc-12", "-Os", "-fPIC"), ("clang-16", "-O2", "-fPIE")]
    for what, case in [(check, case) for case in cases] + [(check_apart, case) for case in apart]:
        with tempfile.TemporaryDirectory(prefix="stent-registers-") as made:
            try:
                what(sys.argv[1], pathlib.Path(made), *case)
                print(f"ok   {what.__name__} {' '.join(case)}", flush=True)
            except Failed as failure:
                print(f"FAIL {what.__name__} {' '.join(case)}: {failure}", flush=True)
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
