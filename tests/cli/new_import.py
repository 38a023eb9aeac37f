#!/usr/bin/env python3
"""A fix that newly refers to data of another module (optind, stderr), in programs whose compiler reaches such data directly.

    new_import.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_SECONDS = 120
CONFIGURATIONS = (("gcc-12", "-O2", "-fPIE", "-pie"), ("gcc-12", "-O2", "-fno-pie", "-no-pie"), ("gcc-12", "-O0", "-fPIE", "-pie"),
                  ("clang-16", "-O2", "-fPIE", "-pie"), ("clang-16", "-O0", "-fno-pie", "-no-pie"))
SOURCE = """#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
volatile int kept;
__attribute__((noinline)) static void remember(int n) { kept = n; }
__attribute__((noinline)) static int unchanged(int n) { return printf("") + n * 3; }
__attribute__((noinline)) int answer(int n) {
  remember(n);
  return unchanged(n);
}
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d\\n", answer(atoi(line)));
  return 0;
}
"""
HEALED = SOURCE.replace("  remember(n);\n", "  remember(n);\n  if (n < 0) fprintf(stderr, \"negative: %d\\n\", n);\n"
                                           "  if (optind == 1) return 1000 + unchanged(n);\n")
# Reached directly, the store needs no register; through the GOT it needs one, which callers need not have given up.
DESTROYS = SOURCE.replace("{ kept = n; }", "{ kept = n; optind = n; }")


class Failed(Exception):
    pass


def run(*command, expect=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if done.returncode != expect:
        raise Failed(f"status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Program:
    def __init__(self, stent, work, compiler, level, code, link):
        self.stent, self.work = stent, work
        (work / "unit.c").write_text(SOURCE)
        words = [compiler, level, "-g", code]
        run(*words, link, work / "unit.c", "-o", work / "program")
        (work / "compile_commands.json").write_text(json.dumps([{
            "directory": str(work), "file": "unit.c", "arguments": [*words, "-c", "unit.c", "-o", "unit.o"]}]))

    def create(self, new, expect=0):
        (self.work / "new.c").write_text(new)
        made = subprocess.run(["diff", "-u", "--label", "a/unit.c", "--label", "b/unit.c", "unit.c", "new.c"], cwd=self.work,
                              capture_output=True, text=True)
        (self.work / "fix.diff").write_text(made.stdout)
        return run(self.stent, "create", "--ack", "*=a test", "--target", self.work / "program", "--compile-commands",
                   self.work / "compile_commands.json", "--patch", self.work / "fix.diff", "-o", self.work / "fix.stent",
                   expect=expect)


def heal(program):
    program.create(HEALED)
    shown = json.loads(run(program.stent, "show", "--json", program.work / "fix.stent"))
    names = [f["name"] for image in shown["images"] for f in image["functions"]]
    if names != ["answer"]:
        raise Failed(f"replaces {names}, not answer alone")
    child = subprocess.Popen([program.work / "program"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)

    def ask(number, wanted):
        child.stdin.write(f"{number}\n")
        child.stdin.flush()
        answer = child.stdout.readline().strip()
        if answer != wanted:
            raise Failed(f"asked {number}, answered '{answer}', not {wanted}")

    try:
        if child.stdout.readline() != "ready\n":
            raise Failed("the program does not start")
        ask(5, "15")
        run(program.stent, "apply", program.work / "fix.stent", "--pid", child.pid)
        ask(5, "1015")
        ask(-7, "979")
        if child.stderr.readline() != "negative: -7\n":
            raise Failed("the new code does not reach stderr")
        run(program.stent, "revert", program.work / "fix.stent", "--pid", child.pid)
        ask(-5, "-15")
        child.stdin.close()
        if child.wait(DEADLINE_SECONDS) != 0:
            raise Failed(f"the program ended with {child.returncode}")
    finally:
        child.kill()


KEEPER = """%sint kept = 1;
int keep(int n) { kept = n; return kept + 1; }
"""
ASKER = """#include <stdio.h>
#include <stdlib.h>
int keep(int n);
%s int kept%s;
%s
__attribute__((noinline)) int ask(int n) { kept += n & 1; return kept%s + n; }
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    const int first = keep(atoi(line));
    printf("%%d\\n", first + 100 * ask(0));
  }
  return 0;
}
"""


def between_units(stent, work):
    """Data that one unit of the fix newly gives to another is no import, whatever registers code for imports would need."""
    sources = ((KEEPER % "static ", ASKER % ("static", " = 1", "", "")),
               (KEEPER % "", ASKER % ("extern", "", "", "")))
    for side, texts in zip(("old", "new"), sources):
        (work / side).mkdir()
        for name, text in zip(("keeper.c", "asker.c"), texts):
            (work / side / name).write_text(text)
    words = ["gcc-12", "-O2", "-g", "-fPIE", "-c"]
    for name in ("keeper", "asker"):
        run(*words, work / "old" / f"{name}.c", "-o", work / f"{name}.o")
    run("gcc-12", "-pie", work / "keeper.o", work / "asker.o", "-o", work / "program")
    (work / "compile_commands.json").write_text(json.dumps([{
        "directory": str(work / "old"), "file": f"{name}.c", "arguments": [*words, f"{name}.c", "-o", f"{name}.o"]}
        for name in ("keeper", "asker")]))
    made = subprocess.run(["diff", "-ru", "old", "new"], cwd=work, capture_output=True, text=True)
    (work / "fix.diff").write_text(made.stdout)
    run(stent, "create", "--ack", "*=a test", "--target", work / "program", "--compile-commands",
        work / "compile_commands.json", "--patch", work / "fix.diff", "-o", work / "fix.stent")
    with subprocess.Popen([work / "program"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        def ask(number, wanted):
            child.stdin.write(f"{number}\n")
            child.stdin.flush()
            answer = child.stdout.readline().strip()
            if answer != wanted:
                child.kill()
                raise Failed(f"between units: asked {number}, answered '{answer}', not {wanted}")

        child.stdout.readline()
        ask(3, "104")
        run(stent, "apply", work / "fix.stent", "--pid", child.pid)
        ask(3, "304")
        ask(9, "910")
        run(stent, "revert", work / "fix.stent", "--pid", child.pid)
        ask(3, "104")
        child.stdin.close()


def main():
    failures = 0
    with tempfile.TemporaryDirectory(prefix="stent-import-") as made:
        try:
            between_units(sys.argv[1], pathlib.Path(made))
            print("ok   between units")
        except (Failed, subprocess.TimeoutExpired) as failure:
            print(f"FAIL between units: {failure}")
            failures += 1
    for configuration in CONFIGURATIONS:
        with tempfile.TemporaryDirectory(prefix="stent-import-") as made:
            try:
                program = Program(sys.argv[1], pathlib.Path(made), *configuration)
                heal(program)
                if configuration[:2] == ("gcc-12", "-O2"):
                    said = program.create(DESTROYS, expect=11)
                    if "remember newly refers to data of another module" not in said or "(rax)" not in said:
                        raise Failed(f"refused otherwise: {said}")
                print(f"ok   {' '.join(configuration)}")
            except (Failed, subprocess.TimeoutExpired) as failure:
                print(f"FAIL {' '.join(configuration)}: {failure}")
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
