#!/usr/bin/env python3
"""Every way to say what the change is: each makes a patch that heals the running program, and leaves the tree alone.

    front_ends.py STENT [CASE...]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_SECONDS = 300
ANSWER_H = "int answer(int n);\n#define FACTOR 2\n"
ANSWER_C = """#include "answer.h"
static int twice(int n) { return FACTOR * n; }
int answer(int n) {
  volatile int copy = n;
  return twice(copy) + 1;
}
"""
UNUSED_C = "#include \"answer.h\"\nint unused(int n) { return answer(n) - 1; }\n"
MAIN_C = """#include <stdio.h>
#include <stdlib.h>
#include "answer.h"
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d\\n", answer(atoi(line)));
  return 0;
}
"""
# With link-time optimisation all of it would end up in main, which never returns.
ASKING_MAIN_C = MAIN_C.replace("int main", "static int ask(int n) { return answer(n); }\n"
                                           "static int (*volatile asked)(int) = ask;\nint main") \
                      .replace("answer(atoi", "asked(atoi")
FIX = """--- a/lib/answer.c
+++ b/lib/answer.c
@@ -3,4 +3,4 @@
 int answer(int n) {
   volatile int copy = n;
-  return twice(copy) + 1;
+  return twice(copy) + 100;
 }
"""
HEADER_FIX = "--- a/lib/answer.h\n+++ b/lib/answer.h\n@@ -1,2 +1,2 @@\n int answer(int n);\n" \
             "-#define FACTOR 2\n+#define FACTOR 3\n"


class Failed(Exception):
    pass


def run(*command, cwd=None, env=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True,
                          timeout=DEADLINE_SECONDS)
    if done.returncode != 0:
        raise Failed(f"status {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


class Tree:
    """The sources of the little program, and what is asked of it."""

    def __init__(self, stent, work):
        self.stent = stent
        self.top = work / "tree"
        self.work = work
        self.env = dict(os.environ, CCACHE_DIR=str(work / "ccache"))
        self.put("lib/answer.c", ANSWER_C)
        self.put("lib/answer.h", ANSWER_H)
        self.put("lib/unused.c", UNUSED_C)
        self.put("main.c", MAIN_C)
        (work / "fix.diff").write_text(FIX)

    def put(self, name, text):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *command):
        return run(*command, cwd=self.top, env=self.env)

    def changed_copy(self, name):
        """Another tree with the fix in it."""
        run("cp", "-a", self.top, self.work / name)
        run("patch", "-s", "-p1", "-i", self.work / "fix.diff", cwd=self.work / name)
        return self.work / name

    def files(self):
        """Names of all files, contents of the sources."""
        return {str(p.relative_to(self.top)): p.read_text() if p.suffix in (".c", ".h") else ""
                for p in self.top.rglob("*") if p.is_file()}

    def makefiles(self, compiler="cc", flags="", archiver="ar"):
        self.put("Makefile", f"CC = {compiler}\nCFLAGS = -O2 -g {flags}\nprogram: main.o lib\n"
                             "\t$(CC) $(CFLAGS) main.o lib/libanswer.a -o $@\n"
                             "main.o: main.c\n\t$(CC) $(CFLAGS) -Ilib -c main.c\n"
                             "lib:\n\t$(MAKE) -C lib CC='$(CC)' CFLAGS='$(CFLAGS)'\n.PHONY: lib\n")
        self.put("lib/Makefile", f"libanswer.a: answer.o unused.o\n\trm -f $@ && {archiver} rc $@ $^\n"
                                 "%.o: %.c\n\t$(CC) $(CFLAGS) -MMD -c $< -o $@\n")

    def cmake(self):
        self.put("CMakeLists.txt", "cmake_minimum_required(VERSION 3.20)\nproject(t C)\n"
                                   "set(CMAKE_BUILD_TYPE RelWithDebInfo)\n"
                                   "add_library(answer SHARED lib/answer.c lib/unused.c)\n"
                                   "target_include_directories(answer PUBLIC lib)\n"
                                   "add_executable(program main.c)\ntarget_link_libraries(program answer)\n")


def make(tree):
    tree.makefiles()
    tree.run("make", "-j2")
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "make", "-B", "-j2"]


def make_clang_by_path(tree):
    tree.makefiles("/usr/bin/clang-16")
    tree.run("make", "-j2")
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "sh", "-c", "make -B -j2"]


def header_change(tree):
    tree.makefiles()
    tree.run("make")
    (tree.work / "fix.diff").write_text(HEADER_FIX)
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "make", "-B"]


def warm_ccache(tree):
    tree.makefiles("gcc")
    tree.env["PATH"] = "/usr/lib/ccache:" + tree.env["PATH"]
    tree.run("make")
    tree.run("make", "-B")
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "make", "-B"]


def ccache_launcher(tree):
    tree.makefiles("ccache gcc")
    tree.run("make")
    tree.run("make", "-B")
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "make", "-B"]


def cmake_configured_before(tree):
    tree.cmake()
    tree.run("cmake", "-G", "Ninja", "-S", ".", "-B", "build")
    tree.run("ninja", "-C", "build")
    build = "ninja -C build -t clean && ninja -C build"
    return "build/program", "build/libanswer.so", ["--patch", tree.work / "fix.diff", "--", "sh", "-c", build]


def cmake_from_nothing(tree):
    tree.cmake()
    build = "rm -rf build && cmake -G Ninja -S . -B build && ninja -C build"
    tree.run("sh", "-c", build)
    return "build/program", "build/libanswer.so", ["--patch", tree.work / "fix.diff", "--", "sh", "-c", build]


def autotools_with_libtool(tree):
    tree.put("configure.ac", "AC_INIT([t],[1])\nAM_INIT_AUTOMAKE([foreign subdir-objects])\nAC_PROG_CC\nLT_INIT\n"
                             "AC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n")
    tree.put("Makefile.am", "AM_CPPFLAGS = -I$(srcdir)/lib\nlib_LTLIBRARIES = lib/libanswer.la\n"
                            "lib_libanswer_la_SOURCES = lib/answer.c lib/unused.c\nbin_PROGRAMS = program\n"
                            "program_SOURCES = main.c\nprogram_LDADD = lib/libanswer.la\n")
    tree.run("autoreconf", "-fi")
    build = "./configure CFLAGS='-O2 -g' && make -B -j2"
    tree.run("sh", "-c", build)
    tree.env["LD_LIBRARY_PATH"] = str(tree.top / "lib/.libs")
    return (".libs/program", "lib/.libs/libanswer.so.0.0.0",
            ["--patch", tree.work / "fix.diff", "--", "sh", "-c", build])


def compile_commands_of_several_builds(tree):
    flags = ["-O2", "-g", "-Ilib"]
    (tree.top / "flags.rsp").write_text("-g -Ilib -O2\n")
    entries = []
    for directory, words in ((".", ["gcc", "-fPIC", "-DOTHER", "-O1", *flags[1:], "-c", "lib/answer.c"]),
                             (".", ["distcc", "ccache", "gcc", "@flags.rsp", "-c", "lib/answer.c", "lib/unused.c"]),
                             (".", ["gcc", *flags, "-c", "main.c"])):
        for source in (w for w in words if w.endswith(".c")):
            entries.append({"directory": directory, "file": source, "arguments": words})
    tree.put("compile_commands.json", json.dumps(entries))
    tree.run("gcc", *flags, "lib/answer.c", "lib/unused.c", "main.c", "-o", "program")
    return "program", "program", ["--compile-commands", "compile_commands.json", "--patch", tree.work / "fix.diff"]


def objects(top, sections=("-ffunction-sections", "-fdata-sections"), flags=("-O2", "-g", "-Ilib")):
    for source in ("lib/answer.c", "lib/unused.c", "main.c"):
        run("gcc", *flags, *sections, "-c", source, "-o", pathlib.Path(source).with_suffix(".o"), cwd=top)


def link_time(tree, compiler, archiver, flags):
    tree.put("main.c", ASKING_MAIN_C)
    tree.makefiles(compiler, flags, archiver)
    tree.run("make")
    return "program", "program", ["--patch", tree.work / "fix.diff", "--", "make", "-B"]


def link_time_gcc(tree):
    return link_time(tree, "gcc", "gcc-ar", "-flto")


def link_time_gcc_in_parts(tree):
    """As a large program is cut; fat objects hold code as well, which is not what is linked."""
    return link_time(tree, "gcc", "gcc-ar", "-flto=2 -ffat-lto-objects -flto-partition=max -Wl,-Map,program.map")


def link_time_clang(tree):
    return link_time(tree, "clang-16", "ar", "-flto -fuse-ld=lld -B/usr/lib/llvm-16/bin")


def link_time_clang_thin(tree):
    return link_time(tree, "clang-16", "ar", "-flto=thin -fuse-ld=lld -B/usr/lib/llvm-16/bin")


def link_time_commands(tree):
    """Recorded compile commands know no link: it is given."""
    tree.put("main.c", ASKING_MAIN_C)
    sources = ("lib/answer.c", "main.c")
    for source in sources:
        tree.run("gcc", "-O2", "-g", "-flto", "-Ilib", "-c", source, "-o", source[:-2] + ".o")
    tree.run("gcc", "-O2", "-flto", "main.o", "lib/answer.o", "-o", "program")
    tree.put("compile_commands.json", json.dumps([
        {"directory": ".", "file": source, "output": source[:-2] + ".o",
         "command": f"gcc -O2 -g -flto -Ilib -c {source} -o {source[:-2]}.o"} for source in sources]))
    given = ["--compile-commands", "compile_commands.json", "--patch", tree.work / "fix.diff"]
    refused = subprocess.run([tree.stent, "create", "--target", "program", "-o", tree.work / "x.stent", *given],
                             cwd=tree.top, capture_output=True, text=True)
    if refused.returncode == 0 or "--link-command" not in refused.stderr:
        raise Failed(f"without the link it says: {refused.stderr}")
    return "program", "program", ["--link-command", "gcc -O2 -flto main.o lib/answer.o -o program", *given]


def two_trees(tree):
    objects(tree.top, sections=())
    tree.run("gcc", "lib/answer.o", "lib/unused.o", "main.o", "-o", "program")
    old, new = tree.work / "old", tree.changed_copy("new")
    run("cp", "-a", tree.top, old)
    for top in (old, new):
        objects(top)
        run("ar", "rc", "libanswer.a", "lib/answer.o", "lib/unused.o", cwd=top)
    (new / "added.o").write_bytes((new / "main.o").read_bytes())
    return "program", "program", ["--old-tree", old, "--new-tree", new]


def archives(tree, form="rc"):
    objects(tree.top, sections=())
    tree.run("gcc", "lib/answer.o", "lib/unused.o", "main.o", "-o", "program")
    old, new = tree.work / "old", tree.changed_copy("new")
    run("cp", "-a", tree.top, old)
    for top in (old, new):
        objects(top)
        name = "lib/a_member_with_quite_a_long_name.o"
        (top / "lib/answer.o").rename(top / name)
        run("ar", form, "lib/libanswer.a", "lib/unused.o", name, "lib/unused.o", cwd=top)
    return "program", "program", [old / "lib/libanswer.a", new / "lib/libanswer.a"]


def thin_archives(tree):
    return archives(tree, "rcT")


CASES = {case.__name__: case
         for case in (make, make_clang_by_path, header_change, warm_ccache, ccache_launcher, cmake_configured_before,
                      cmake_from_nothing, autotools_with_libtool, compile_commands_of_several_builds, two_trees, link_time_gcc,
                      link_time_gcc_in_parts, link_time_clang, link_time_clang_thin, link_time_commands,
                      archives, thin_archives)}


class Process:
    def __init__(self, program, env):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if self.child.stdout.readline() != "ready\n":
            raise Failed("the target did not start")

    def expect(self, number, wanted):
        self.child.stdin.write(f"{number}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        if answer != str(wanted):
            raise Failed(f"asked {number} it answers {answer}, not {wanted}")


def carry_out(stent, case, work):
    tree = Tree(stent, work)
    program, target, arguments = case(tree)
    files = tree.files()
    process = Process(tree.top / program, tree.env)
    patch = work / "fix.stent"
    try:
        process.expect(5, 11)
        tree.run(stent, "create", "--target", target, "-o", patch, *arguments)
        if tree.files() != files:
            raise Failed(f"the tree changed: {sorted(set(tree.files().items()) ^ set(files.items()))}")
        run(stent, "apply", patch, "--pid", process.child.pid)
        process.expect(5, 16 if case is header_change else 110)
        run(stent, "revert", patch, "--pid", process.child.pid)
        process.expect(5, 11)
    finally:
        process.child.kill()
        process.child.communicate()


def main():
    stent = pathlib.Path(sys.argv[1]).resolve()
    failures = 0
    for name in sys.argv[2:] or CASES:
        with tempfile.TemporaryDirectory(prefix="stent-front-") as work:
            try:
                carry_out(stent, CASES[name], pathlib.Path(work))
                print("ok  ", name, flush=True)
            except Failed as failure:
                print("FAIL", name, failure, flush=True)
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
