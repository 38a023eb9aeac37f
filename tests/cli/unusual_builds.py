#!/usr/bin/env python3
"""Builds as people make them, each with flags, a linker or a treatment of its own: the same fix is made from the recorded
commands, applied to the live program, asked and reverted; or refused for the reason that stands here.

    unusual_builds.py STENT
"""
import difflib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from unlinked import DEADLINE_SECONDS, STENT, run

HEADER = "extern int total;\nint pick(int), kind(int), answer(int), helper(int);\n"
STATE = r"""#include "state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int total;
static int count = 3;
static __thread int of_thread = 5;
static const char *const names[] = {"zero", "one", "two", "three"};
static int (*operations[2])(int);
static int twice(int n) { return n * 2 + count; }
static int thrice(int n) { return n * 3 + of_thread; }
__attribute__((noinline)) int pick(int n) {
  operations[0] = twice;
  operations[1] = thrice;
  return operations[n & 1](n);
}
__attribute__((noinline)) int kind(int n) {
  switch (n) {
    case 0: return 11;
    case 1: return 23;
    case 2: return 35;
    case 3: return 48;
    case 4: return 52;
    case 5: return total;
    default: return 77;
  }
}
__attribute__((noinline)) int answer(int n) {
  static int calls;
  char text[64], copy[64];
  snprintf(text, sizeof text, "%s-%d", names[n & 3], n);
  strcpy(copy, text);
  memset(text, 'x', n & 31);
  if (n > 1000000) {
    fprintf(stderr, "too big %s\n", text);
    abort();
  }
  total += n;
  count++;
  of_thread += 2;
  return (int)strlen(copy) + pick(n) + kind(n % 7) + ++calls * 100;
}
"""
HELPER = '#include "state.h"\nint helper(int n) { return total & 1 ? n : pick(n); }\n'
MAIN = r"""#include "state.h"
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d\n", answer(atoi(line)) + helper(atoi(line)));
  return 0;
}
"""
UNITS = {"state": STATE, "main": MAIN, "helper": HELPER}
FIXED = STATE.replace("return (int)strlen(copy)", "return 10000 + kind(3) + (int)strlen(copy)")
ASKED = (1, 5, 6, 2, 5, 9, 4)  # the third to fifth with the fix
HEALED = range(2, 5)

SECTIONS = "-ffunction-sections -fdata-sections"
STRIP_TO_FILE = "objcopy --only-keep-debug program kept && strip program && objcopy --add-gnu-debuglink=kept program"
# flags to compile with, flags to link with, what is done to the program afterwards
OF_BOTH = {
    "dropped sections": (SECTIONS, "-Wl,--gc-sections", ""),
    "no plt": ("-fno-plt", "", ""),
    "hidden": ("-fvisibility=hidden", "", ""),
    "own definitions first": ("-fPIC -fno-semantic-interposition", "", ""),
    "branch protection": ("-fcf-protection=full", "", ""),
    "aligned": ("-falign-functions=64 -falign-loops=32", "", ""),
    "hardened": ("-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3", "-Wl,-z,relro,-z,now", ""),
    "split debug information": ("-gsplit-dwarf", "", ""),
    "packed debug information": ("-gz", "-Wl,--compress-debug-sections=zlib", ""),
    "separate debug file": ("", "", STRIP_TO_FILE),
    "only names of sources left": ("", "", "strip --keep-file-symbols program"),
    "locals removed": ("", "", "strip -x program"),
    "static": ("-fno-pie", "-static", ""),
    "static and position-independent": ("-fPIE", "-static-pie", ""),
    "relocations kept": ("", "-Wl,--emit-relocs", ""),
    "code with its constants": ("", "-Wl,-z,noseparate-code", ""),
    "folded by gold": (SECTIONS, "-fuse-ld=gold -Wl,--icf=all", ""),
    "folded by lld": (SECTIONS, "-fuse-ld=lld -Wl,--icf=all", ""),
    "folded by mold": (SECTIONS, "-fuse-ld=mold -Wl,--icf=all", ""),
    "frame pointers": ("-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer", "", ""),
    "new instructions": ("-O3 -march=x86-64-v3", "", ""),
}
OF_GCC = {
    "branches kept off boundaries": ("-Wa,-mbranches-within-32B-boundaries", "", ""),
    "little debug information": ("-g1", "", ""),
    "packed by dwz": ("", "", "dwz program"),
    "no speculation": ("-mindirect-branch=thunk -mfunction-return=thunk -fcf-protection=none", "", ""),
    "registers cleared": ("-fzero-call-used-regs=used-gpr -ftrivial-auto-var-init=zero", "", ""),
    "no unwind tables": ("-fno-asynchronous-unwind-tables", "", ""),
    "whole program": ("-flto=auto -fno-fat-lto-objects", "", ""),
    "whole program, fat objects": ("-flto=auto -ffat-lto-objects", "", ""),
}
OF_CLANG = {
    "branches kept off boundaries": ("-mbranches-within-32B-boundaries", "", ""),
    "no speculation": ("-mretpoline", "", ""),
    "safely folded": ("-faddrsig " + SECTIONS, "-fuse-ld=lld -Wl,--icf=safe", ""),
    "sizes of stacks": ("-fstack-size-section", "", ""),
    "whole program": ("-flto", "-fuse-ld=lld", ""),
    "whole program, thin": ("-flto=thin", "-fuse-ld=lld", ""),
}


def expected():
    """What the program answers to ASKED."""
    total, count, of_thread, answers = 0, 3, 5, []
    for i, n in enumerate(ASKED):
        total, count, of_thread = total + n, count + 1, of_thread + 2
        pick = n * 2 + count if n % 2 == 0 else n * 3 + of_thread
        kind = [11, 23, 35, 48, 52, total, 77][n % 7]
        text = len(("zero", "one", "two", "three")[n & 3] + f"-{n}")
        answers.append(text + pick + kind + (i + 1) * 100 + (10048 if i in HEALED else 0) + (n if total & 1 else pick))
    return answers


class UnusualBuilds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        for name, text in UNITS.items():
            (self.work / f"{name}.c").write_text(text)
        (self.work / "state.h").write_text(HEADER)
        (self.work / "fix.diff").write_text("".join(difflib.unified_diff(
            STATE.splitlines(True), FIXED.splitlines(True), "a/state.c", "b/state.c")))

    def compile(self, compiler, flags):
        """Compiles and records; returns the commands."""
        commands = [[compiler, "-O2", "-g", *flags, "-c", f"{unit}.c", "-o", f"objects/{unit}.o"] for unit in UNITS]
        (self.work / "objects").mkdir(exist_ok=True)
        for command in commands:
            run(*command, cwd=self.work)
        (self.work / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.work), "file": command[-3], "arguments": command} for command in commands]))

    def link(self, compiler, flags):
        where = ["-B/usr/lib/llvm-16/bin"] if "-fuse-ld=lld" in flags else []  # Debian's has a version in its name elsewhere
        command = [compiler, "-O2", "-g", *where, *flags, *(f"objects/{unit}.o" for unit in UNITS), "-o", "program"]
        run(*command, cwd=self.work)
        return "--link-command", " ".join(command)

    def create(self, *given):
        # The review does not know how often `main` calls what it is compiled together with.
        run(STENT, "create", "--target", self.work / "program", "-o", self.work / "fix.stent", "--ack", "*=a test",
            "--patch", self.work / "fix.diff", *given, cwd=self.work)

    def recorded(self, *given):
        self.create("--compile-commands", self.work / "compile_commands.json", *given)

    def heal(self, program="program"):
        child = subprocess.Popen([self.work / program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 cwd=self.work)
        try:
            self.assertEqual(child.stdout.readline(), "ready\n")
            answers = []
            for i, number in enumerate(ASKED):
                if i == HEALED.start:
                    run(STENT, "apply", self.work / "fix.stent", "--pid", child.pid)
                if i == HEALED.stop:
                    run(STENT, "revert", self.work / "fix.stent", "--pid", child.pid)
                child.stdin.write(f"{number}\n")
                child.stdin.flush()
                answers.append(int(child.stdout.readline()))
            self.assertEqual(answers, expected())
        finally:
            child.kill()
            child.communicate()

    def each(self, compiler, builds):
        for name, (flags, link, afterwards) in builds.items():
            with self.subTest(compiler=compiler, build=name):
                self.compile(compiler, flags.split())
                linking = self.link(compiler, (flags + " " + link).split())
                if afterwards:
                    run("sh", "-c", afterwards, cwd=self.work)
                self.recorded(*(linking if "-flto" in flags else ()))
                self.heal()

    def test_gcc(self):
        self.each("gcc", OF_BOTH | OF_GCC)

    def test_clang(self):
        self.each("clang-16", OF_BOTH | OF_CLANG)

    def test_profile_of_gcc(self):
        flags = ["-freorder-blocks-and-partition"]
        self.compile("gcc", [*flags, "-fprofile-generate"])
        self.link("gcc", ["-fprofile-generate"])
        subprocess.run([self.work / "program"], input="1\n2\n3\n" * 20, text=True, capture_output=True, check=True,
                       cwd=self.work, timeout=DEADLINE_SECONDS)
        self.assertTrue((self.work / "objects/state.gcda").exists())
        self.compile("gcc", [*flags, "-fprofile-use"])
        self.link("gcc", [])
        self.assertIn("answer.cold", run("nm", self.work / "program"))
        self.recorded()
        self.heal()

    def test_units_joined_and_precompiled_by_cmake(self):
        (self.work / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.20)\nproject(program C)\nset(CMAKE_C_FLAGS \"-O2 -g\")\n"
            "add_executable(program state.c main.c helper.c)\nset_target_properties(program PROPERTIES UNITY_BUILD ON)\n"
            "target_precompile_headers(program PRIVATE state.h <stdio.h>)\n")
        run("cmake", "-S", self.work, "-B", self.work / "out", "-G", "Ninja", "-DCMAKE_C_COMPILER=gcc",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
        run("cmake", "--build", self.work / "out")
        shutil.copy(self.work / "out/program", self.work / "program")
        self.create("--compile-commands", self.work / "out/compile_commands.json")
        self.heal()
        self.create("--", "cmake", "--build", self.work / "out", "--clean-first")
        self.heal()


if __name__ == "__main__":
    unittest.main()
