#!/usr/bin/env python3
"""Old objects that are not what the target was built from: the error or the question names the function that differs first,
how it differs, and what tells the builds apart (compiler, flags, source).

    other_build.py STENT
"""
import pathlib
import re
import sys
import tempfile

from target import Failed, Target, run

COMPILER = ["gcc", "-O2", "-g"]
SECTIONS = ["-ffunction-sections", "-fdata-sections"]
UNIT = """#include <stdio.h>
#include <stdlib.h>
static int table[16] = {8, 9, 10};
static int mix(int n) { for (int i = 0; i < 16; i++) n = n * 31 + (table[i] ^ i); return n; }
__attribute__((noinline)) int store(int n) { table[n & 15] += n; return mix(n); }
/* the register it leaves alone is where its caller keeps a value */
static __attribute__((noinline)) int rest(int n) { return table[n & 15] + n; }
__attribute__((noinline)) int answer(int n) { return rest(n) * 3 + 1; }
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    printf("%d\\n", answer(atoi(line)));
    store(1);
  }
  return 0;
}
"""
# Builds of the old object that are not the target's: compiler and flags, change of the source, exit status, words.
BUILDS = {
    "another compiler": (["clang-16", "-O2", "-g"], None, 7, r"(store|rest|answer) at \+\w+ the object has '.*', the target "
                                                            r"has '.*'.*made by GCC.*this object by .*clang"),
    "another level": (["gcc", "-O1", "-g"], None, 7, r"(store|rest|answer) at \+\w+ the object has .*-O2.*this object's -O1"),
    "another flag": ([*COMPILER, "-fno-omit-frame-pointer"], None, 7, r"answer at \+0 the object has 'push rbp'"),
    "another source of the fixed function": (COMPILER, ("* 3 + 1", "* 4 + 1"), 7, r"answer at \+\w+ the object has"),
    "another source of what it calls": (COMPILER, ("table[n & 15] + n;", "table[n & 15] * n;"), 11,
                                        r"other-code:rest(.|\n)*rest at \+\w+ the object has 'imul.*source may be another"),
}


def compile_pair(work, compiler, text):
    """old.o and new.o from one path, as in a build."""
    for name, source in (("old.o", text), ("new.o", re.sub(r"rest\(n\) \* .*;", "rest(n) * 5 + n * 7;", text))):
        (work / "unit.c").write_text(source)
        run(*compiler, *SECTIONS, "-c", work / "unit.c", "-o", work / name)


def build_target(work, text=UNIT):
    (work / "unit.c").write_text(text)
    run(*COMPILER, work / "unit.c", "-o", work / "program")


def create(stent, work, *more, expect):
    return run(stent, "create", *more, "--target", work / "program", "-o", work / "fix.stent", work / "old.o", work / "new.o",
               expect=expect)


def each_difference_is_named(stent, work):
    build_target(work)
    for name, (compiler, change, status, words) in BUILDS.items():
        text = UNIT.replace(*change) if change else UNIT
        compile_pair(work, compiler, text)
        said = create(stent, work, expect=status)
        if not re.search(words, said.stdout + said.stderr):
            raise Failed(f"{name}: not said: {words}\n{said.stdout}{said.stderr}")
        if (work / "fix.stent").exists():
            raise Failed(f"{name}: a patch was made")


def what_differs_elsewhere_is_noted(stent, work):
    """A function that the fix has nothing to do with: noted, and the patch is right."""
    build_target(work)
    compile_pair(work, COMPILER, UNIT.replace("table[n & 15] += n", "table[n & 15] -= n"))
    said = create(stent, work, expect=0)
    if "store at" not in said.stdout + said.stderr:
        raise Failed(f"the other store is not noted:\n{said.stdout}{said.stderr}")
    with Target(work / "program") as program:
        run(stent, "apply", work / "fix.stent", "--pid", program.pid)
        if program.ask(1) != str(10 * 5 + 7):
            raise Failed("the patched program answers otherwise than the new source")


def what_is_called_is_asked_about(stent, work):
    """The target's function destroys the register in which the new caller keeps a value: unless a person says that it
    is all the same, no patch."""
    build_target(work, UNIT.replace("table[n & 15] + n;", "(table[n & 15] * 8) / (n | 2);"))
    compile_pair(work, COMPILER, UNIT)
    create(stent, work, expect=11)
    create(stent, work, "--ack", "other-code:rest=to see what it does", expect=0)


def main():
    failures = 0
    for case in (each_difference_is_named, what_differs_elsewhere_is_noted, what_is_called_is_asked_about):
        with tempfile.TemporaryDirectory(prefix="stent-other-build-") as work:
            try:
                case(sys.argv[1], pathlib.Path(work))
                print(f"{case.__name__}: ok")
            except Failed as failure:
                print(f"{case.__name__}: {failure}", file=sys.stderr)
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
