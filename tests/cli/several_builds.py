#!/usr/bin/env python3
"""One patch for two builds of a program and of a library: each running build takes its own part, a third none.

    several_builds.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile

UNIT = """int answer(int n) { volatile int copy = n; return copy + 1; }
int other(int n) { return n * EXTRA; }
"""
MAIN = """#include <stdio.h>
#include <stdlib.h>
int answer(int), other(int);
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d %d\\n", answer(atoi(line)), other(1));
  return 0;
}
"""


def run(*command, cwd, expect=0):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, f"status {done.returncode}: {command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Process:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "ready\n"

    def ask(self, number):
        self.child.stdin.write(f"{number}\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def end(self):
        self.child.kill()
        self.child.communicate()


def build(work, number, is_library):
    """Build `number`: its own place in memory for everything, by code that only it has."""
    top = work / f"v{number}"
    top.mkdir()
    (top / "main.c").write_text(MAIN)
    (top / "extra.c").write_text("".join(f"int f{i}(int n) {{ return n + {i}; }}\n" for i in range(number)))
    flags = ["gcc", "-O2", "-g", f"-DEXTRA={number}"]
    if is_library:
        run(*flags, "-fPIC", "-shared", "extra.c", "../unit.c", "-Wl,-soname,libanswer.so.1", "-o", "libanswer.so",
            cwd=top)
        run(*flags, "main.c", "libanswer.so", f"-Wl,-rpath,{top}", "-o", "program", cwd=top)
        (top / "libanswer.so.1").symlink_to("libanswer.so")
        return top / "program", top / "libanswer.so"
    run(*flags, "extra.c", "../unit.c", "main.c", "-o", "program", cwd=top)
    return top / "program", top / "program"


def check(stent, work, is_library):
    (work / "unit.c").write_text(UNIT)
    builds = [build(work, number, is_library) for number in (5, 6, 7)]
    flags = ["gcc", "-O2", "-g", "-DEXTRA=5", "-ffunction-sections", "-fdata-sections", "-fPIC" if is_library else "-g"]
    run(*flags, "-c", "unit.c", "-o", "old.o", cwd=work)
    (work / "unit.c").write_text(UNIT.replace("copy + 1", "copy + 100"))
    run(*flags, "-c", "unit.c", "-o", "new.o", cwd=work)
    run(stent, "create", "--target", builds[0][1], "--target", builds[1][1], "-o", "fix.stent", "old.o", "new.o",
        cwd=work)
    assert len(json.loads(run(stent, "show", "--json", "fix.stent", cwd=work))["images"]) == 2
    said = run(stent, "create", "--target", builds[0][1], "--target", builds[0][1], "-o", "x.stent", "old.o", "new.o",
               cwd=work, expect=2)
    assert "same build" in said, said
    for number, (program, _) in zip((5, 6), builds):
        process = Process(program)
        try:
            assert process.ask(1) == f"2 {number}"
            run(stent, "check", "fix.stent", "--pid", process.child.pid, cwd=work)
            run(stent, "apply", "fix.stent", "--pid", process.child.pid, cwd=work)
            assert process.ask(1) == f"101 {number}"
            assert "fix" in run(stent, "list", "--pid", process.child.pid, cwd=work)
            run(stent, "apply", "fix.stent", "--pid", process.child.pid, cwd=work, expect=9)
            run(stent, "revert", "fix.stent", "--pid", process.child.pid, cwd=work)
            assert process.ask(1) == f"2 {number}"
        finally:
            process.end()
    process = Process(builds[2][0])
    try:
        said = run(stent, "apply", "fix.stent", "--pid", process.child.pid, cwd=work, expect=7)
        assert "none of the builds" in said, said
        assert process.ask(1) == "2 7"
    finally:
        process.end()


def main():
    stent = pathlib.Path(sys.argv[1]).resolve()
    for is_library in (False, True):
        with tempfile.TemporaryDirectory(prefix="stent-builds-") as work:
            check(stent, pathlib.Path(work), is_library)
            print("ok  ", "library" if is_library else "program", flush=True)


if __name__ == "__main__":
    main()
