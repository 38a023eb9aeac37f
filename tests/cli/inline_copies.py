#!/usr/bin/env python3
"""Inline functions of a header, of which the program and two libraries hold copies that all run: one fix heals each of them,
and the static variable inside is the one that the module used before.

    inline_copies.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from target import Failed, Target, run

HEADER = """#pragma once
#define APART __attribute__((noinline))
struct __attribute__((visibility("hidden"))) Hidden {
  APART static int rate(int n) { static int calls; return ++calls * 1000 + n * 2; }
};
APART inline int shown(int n) { static int calls; return ++calls * 1000 + n * 2; }
inline int folded(int n) { static int calls; return ++calls * 1000 + n * 2; }
template <typename T> APART T generic(T n) { static T calls; return ++calls * 1000 + n * 2; }
template <typename T> struct Table {
  static inline T calls;
  APART T rate(T n) { return ++calls * 1000 + n * 2; }
  virtual T seen(T n) { return ++calls * 1000 + n * 2; }
};
"""
ASK = """#include "rate.h"
extern "C" int ask_%(name)s(int what, int n) {
  Table<long> table;
  Table<long>* volatile which = &table;
  switch (what) {
    case 0: return Hidden::rate(n);
    case 1: return shown(n);
    case 2: return folded(n);
    case 3: return generic<int>(n);
    case 4: return (int)table.rate(n);
    default: return (int)which->seen(n);
  }
}
"""
MAIN = """#include <cstdio>
#include <dlfcn.h>
extern "C" int ask_program(int what, int n);
#ifdef OPENED
static int (*opened(const char* file, const char* name))(int, int) {
  return reinterpret_cast<int (*)(int, int)>(dlsym(dlopen(file, RTLD_NOW | RTLD_LOCAL), name));
}
#else
extern "C" int ask_one(int what, int n), ask_two(int what, int n);
#endif
int main() {
#ifdef OPENED
  auto ask_one = opened(OPENED "/libone.so", "ask_one");
  auto ask_two = opened(OPENED "/libtwo.so", "ask_two");
#endif
  char line[64];
  int module, what, n;
  setvbuf(stdout, nullptr, _IOLBF, 0);
  std::puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    std::sscanf(line, "%d %d %d", &module, &what, &n);
    std::printf("%d\\n", (module == 0 ? ask_program : module == 1 ? ask_one : ask_two)(what, n));
  }
}
"""
FUNCTIONS = 6
# compiler, flags for compiling, for linking a library, whether the libraries are opened by the running program
VARIANTS = {
    "as usual": ([], [], False),
    "opened": ([], [], True),
    "symbolic": ([], ["-Wl,-Bsymbolic"], False),
    "hidden": (["-fvisibility-inlines-hidden"], [], False),
    "all hidden": (["-fvisibility=hidden"], [], True),
    "not interposed": (["-fno-semantic-interposition"], ["-Wl,-Bsymbolic-functions"], False),
}


class Copies:
    """The program and both libraries, built, and what makes a patch for them."""

    def __init__(self, stent, work, compiler, level, variant):
        self.stent, self.work = stent, work
        flags, link, is_opened = VARIANTS[variant]
        (work / "rate.h").write_text(HEADER)
        (work / "main.cpp").write_text(MAIN)
        for name in ("program", "one", "two"):
            (work / f"{name}.cpp").write_text(ASK.replace("extern \"C\"", 'extern "C" __attribute__((visibility("default")))')
                                              % {"name": name})
        words = [compiler, level, "-g", "-std=c++17", *flags]
        commands = []
        for name in ("main", "program", "one", "two"):
            code = ["-fPIC"] if name in ("one", "two") else ["-fPIE"]
            arguments = [*words, *code, *([f'-DOPENED="{work}"'] if is_opened and name == "main" else []),
                         "-c", f"{name}.cpp", "-o", f"{name}.o"]
            run(*arguments, cwd=work)
            commands.append({"directory": str(work), "file": f"{name}.cpp", "arguments": arguments})
        for name in ("one", "two"):
            run(compiler, "-shared", f"{name}.o", *link, "-o", f"lib{name}.so", cwd=work)
        libraries = [] if is_opened else ["libone.so", "libtwo.so", f"-Wl,-rpath,{work}"]
        run(compiler, "-pie", "main.o", "program.o", *libraries, "-ldl", "-o", "program", cwd=work)
        (work / "compile_commands.json").write_text(json.dumps(commands))
        (work / "new.h").write_text(HEADER.replace("n * 2", "n * 3"))
        made = subprocess.run(["diff", "-u", "--label", "a/rate.h", "--label", "b/rate.h", "rate.h", "new.h"], cwd=work,
                              capture_output=True, text=True)
        (work / "fix.diff").write_text(made.stdout)

    def create(self, patch, *modules):
        targets = [word for module in modules for word in ("--target", self.work / module)]
        return run(self.stent, "create", "--ack", "*=a test", *targets, "--compile-commands",
                   self.work / "compile_commands.json", "--patch", self.work / "fix.diff", "-o", self.work / patch)

    def heal(self, patches):
        """Beside a process that stays as it is: the same statics count in both, and only the answers differ."""
        with Target(self.work / "program") as healed, Target(self.work / "program") as kept:
            self.compare(healed, kept, "before")
            for patch in patches:
                run(self.stent, "apply", self.work / patch, "--pid", healed.pid)
            self.compare(healed, kept, "applied")
            for patch in patches:
                run(self.stent, "revert", self.work / patch, "--pid", healed.pid)
            self.compare(healed, kept, "reverted")

    @staticmethod
    def compare(healed, kept, when):
        for turn in range(2):
            for module in range(3):
                for what in range(FUNCTIONS):
                    number = 7 + module + turn
                    got = int(healed.ask(module, what, number))
                    wanted = int(kept.ask(module, what, number)) + (number if when == "applied" else 0)
                    if got != wanted:
                        raise Failed(f"{when}: function {what} of module {module} answered {got}, not {wanted}")


def check(stent, work, *configuration):
    copies = Copies(stent, work, *configuration)
    copies.create("fix.stent", "program", "libone.so", "libtwo.so")
    copies.heal(["fix.stent"])
    each = {f"{module}.stent": module for module in ("program", "libone.so", "libtwo.so")}
    for patch, module in each.items():
        copies.create(patch, module)
    copies.heal(list(each))


def main():
    failures = 0
    turn = 0
    for variant in VARIANTS:
        for compiler in ("g++-12", "clang++-16"):
            for level in ("-O0", "-O2") if variant in ("as usual", "opened") else (("-O2", "-O1")[turn % 2],):
                turn += 1
                with tempfile.TemporaryDirectory(prefix="stent-copies-") as made:
                    try:
                        check(sys.argv[1], pathlib.Path(made), compiler, level, variant)
                        print(f"ok   {compiler} {level} {variant}", flush=True)
                    except Failed as failure:
                        print(f"FAIL {compiler} {level} {variant}: {failure}", flush=True)
                        failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
