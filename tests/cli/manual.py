#!/usr/bin/env python3
"""Manual patches: each is written with stent/patch.h, applied to a running program, and the program asked.

    manual.py STENT
"""
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_SECONDS = 120
STORE_C = """#include <stdio.h>
static int hits = 3;
__thread int depth = 40;
__attribute__((visibility("hidden"))) int hidden_bonus = 500;
__attribute__((noinline)) static int check(int n) { ++hits; return n + hits; }
__attribute__((noinline)) static void rare(const char *why) { fprintf(stderr, "%s\\n", why); }
__attribute__((noinline)) int store(int n) { if (n < 0) rare("negative"); return check(n) * 10; }
__attribute__((noinline)) int count(void) { return hits + depth; }
"""
OTHER_C = """static int hits = 900;
__attribute__((noinline)) static int check(int n) { return n - hits++; }
int other(int n) { return check(n); }
"""
LEAF_C = """static inline __attribute__((always_inline)) int step(int n) { return n + 7; }
int twice_stepped(int n) { return step(step(n)); }
int (*kept)(int) = step;
__attribute__((noinline)) static int leaf(int n) { return n * 3 + 1; }
int around(int a, int b) { return leaf(a) * b + leaf(b) * a + a + b; }
"""
MAIN_C = """#include <stdio.h>
#include <stdlib.h>
int store(int), other(int), around(int, int), count(void);
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    int n = atoi(line);
    int stored = store(n), others = other(n), arounds = around(n, n + 1);
    printf("%d %d %d %d\\n", stored, others, arounds, count());
  }
  return 0;
}
"""
STATIC = """#include <stent/patch.h>
extern int hits;
STENT_BIND_IN(hits, "hits", "store.c")
extern int bonus;
STENT_BIND(bonus, "hidden_bonus")
extern __thread int depth;
static int calls;                       /* new data of the patch */
int fixed_check(int n) { ++calls; depth = 50 + calls; return n + hits + bonus; }
STENT_REPLACE_IN(fixed_check, "check", "store.c")
"""
GLOBAL = """#include <stent/patch.h>
#include <stdio.h>
static const char *const words[] = {"none", "some"};
int new_store(int n) { char text[32]; return snprintf(text, sizeof text, "%s", words[n > 0]) + n; }
STENT_REPLACE(new_store, "store")
"""
CPP = """#include <stent/patch.h>
namespace { struct Doubler { int operator()(int n) const { return n * 2; } }; }
extern "C" int twice(int n) { return Doubler{}(n); }
STENT_REPLACE(twice, "store")
"""
# The new leaf destroys registers that gcc's caller may keep values in.
GREEDY = """#include <stent/patch.h>
int greedy(int n) { __asm__ volatile("xor %%r8d, %%r8d\\n\\txor %%r9d, %%r9d" : : : "r8", "r9"); return n * 3 + 2; }
STENT_REPLACE(greedy, "leaf")
"""


INLINED = """#include <stent/patch.h>
int wider(int n) { return n + 8; }
STENT_REPLACE(wider, "step")
"""


class Failed(Exception):
    pass


def run(*command, cwd, expect=0):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if done.returncode != expect:
        raise Failed(f"status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Process:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            raise Failed("the target did not start")

    def ask(self, number):
        self.child.stdin.write(f"{number}\n")
        self.child.stdin.flush()
        return [int(word) for word in self.child.stdout.readline().split()]

    def expect(self, number, *wanted):
        answer = self.ask(number)
        for got, want in zip(answer, wanted):
            if want is not None and got != want:
                raise Failed(f"asked {number} it answers {answer}, not {wanted}")

    def end(self):
        self.child.kill()
        self.child.communicate()


class World:
    def __init__(self, stent, work, compiler, level, kind):
        self.stent, self.work, self.level, self.kind = stent, work, level, kind
        self.compiler = compiler
        for name, text in (("store.c", STORE_C), ("other.c", OTHER_C), ("leaf.c", LEAF_C), ("main.c", MAIN_C)):
            (work / name).write_text(text)
        pie = {"pie": ["-fPIE", "-pie"], "nopie": ["-fno-pie", "-no-pie"]}[kind]
        run(compiler, level, "-g", *pie, "store.c", "other.c", "leaf.c", "main.c", "-o", "program", cwd=work)

    def create(self, text, *options, name="fix.c", expect=0):
        (self.work / name).write_text(text)
        flags = [self.level, "-fPIE" if self.kind == "pie" else "-fno-pie"]
        if name.endswith(".c"):
            flags.insert(0, self.compiler)
        return run(self.stent, "create", "--target", "program", "--manual", name, "-o", "fix.stent", *options, "--",
                   *flags, cwd=self.work, expect=expect)

    def refused(self, text, words, *options):
        said = self.create(text, *options, expect=11)
        if words not in said:
            raise Failed(f"refused without saying '{words}':\n{said}")

    def applied(self, pid):
        run(self.stent, "apply", "fix.stent", "--pid", pid, cwd=self.work)

    def reverted(self, pid):
        run(self.stent, "revert", "fix.stent", "--pid", pid, cwd=self.work)


def static_and_bound(world, process):
    acknowledged = ["--ack", "ipa-ra:check=store is compiled without -fipa-ra"]
    try:
        world.create(STATIC)
    except Failed:  # whether gcc's store relies on check depends on the level
        world.create(STATIC, *acknowledged)
    process.expect(1, 50, 1 - 900, None, 44)  # hits is 4 now
    world.applied(process.child.pid)
    process.expect(1, (1 + 4 + 500) * 10, 1 - 901, None, 4 + 51)
    process.expect(2, (2 + 4 + 500) * 10, 2 - 902, None, 4 + 52)
    world.reverted(process.child.pid)
    process.expect(1, (1 + 5) * 10, 1 - 903, None, 5 + 52)


def global_and_imports(world, process):
    world.create(GLOBAL)
    world.applied(process.child.pid)
    process.expect(7, 4 + 7)
    world.reverted(process.child.pid)
    process.expect(1, (1 + 4) * 10)


def cpp(world, process):
    world.create(CPP, name="fix.cc")
    world.applied(process.child.pid)
    process.expect(21, 42)
    world.reverted(process.child.pid)


def refusals(world, _):
    world.refused(STATIC.replace('_IN(hits, "hits", "store.c")', '(hits, "hits")'), "more than once")
    world.refused(STATIC.replace('_IN(fixed_check, "check", "store.c")', '(fixed_check, "check")'), "more than once")
    world.refused(STATIC.replace('"hidden_bonus"', '"no_such_thing"'), "no_such_thing is not in")
    world.refused(STATIC.replace('STENT_BIND_IN(hits, "hits", "store.c")', ""), "STENT_BIND_IN(hits")
    world.refused(INLINED, "inlined:twice_stepped")
    if "marks no function" not in world.create("int x;\n", expect=3):
        raise Failed("a file without marks is not named as such")


def relying_caller(world, process):
    world.refused(GREEDY, "ipa-ra:leaf")
    said = world.create(GREEDY, "--ack", "ipa-ra:leaf=tried by hand")
    if "leaf" not in said:
        raise Failed(f"does not say what it replaces: {said}")
    process.expect(3, None, None, 10 * 4 + 13 * 3 + 7)


CASES = (static_and_bound, global_and_imports, cpp, refusals)


def main():
    stent = pathlib.Path(sys.argv[1]).resolve()
    failures = 0
    builds = [("gcc", level, kind) for level in ("-O0", "-O2", "-O3") for kind in ("pie", "nopie")]
    builds.append(("clang-16", "-O2", "pie"))
    for build in builds:
        for case in (*CASES, relying_caller) if build[:2] == ("gcc", "-O2") else CASES:
            with tempfile.TemporaryDirectory(prefix="stent-manual-") as work:
                process = None
                try:
                    world = World(stent, pathlib.Path(work), *build)
                    process = Process(world.work / "program")
                    case(world, process)
                    print("ok  ", *build, case.__name__, flush=True)
                except Failed as failure:
                    print("FAIL", *build, case.__name__, failure, flush=True)
                    failures += 1
                finally:
                    if process:
                        process.end()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
