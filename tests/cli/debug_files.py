#!/usr/bin/env python3
"""A stripped target's debug file: found by build-id or .gnu_debuglink, packed by dwz or not, wrong or missing.

    debug_files.py STENT

The program holds two static functions of one name and one code, so nothing but the debug file tells them apart.
"""
import json
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "runtime"))
from harness import Process, require, run  # noqa: E402

HEADER = """
struct request { int size; struct request *next; char text[32]; };
struct reply { struct request *cause; long code; char text[64]; };
static inline __attribute__((always_inline)) int scaled(int n) { return n * 3 + 7; }
int first(const struct reply *), second(const struct reply *);
extern int (*volatile scale)(int);
"""
UNIT = """#include "header.h"
static __attribute__((noinline)) int length(const struct request *request) { return request->size + 1; }
int NAME(const struct reply *reply) {
  return length(reply->cause) + (reply->code ? scaled((int)reply->code) + scale(1) : 0);
}
"""
SCALE = "int (*volatile scale)(int) = scaled;\n"
MAIN = """#include <stdio.h>
#include <stdlib.h>
#include "header.h"
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) {
    struct request request = {.size = atoi(line)};
    struct reply reply = {&request, 0, ""};
    printf("%d %d\\n", first(&reply), second(&reply));
  }
  return 0;
}
"""
FLAGS = ["gcc", "-O2", "-g", "-fno-inline", "-fno-ipa-icf"]


class Build:
    """A stripped program, its debug information in a file of its own, and the pair of objects of a fix."""

    def __init__(self, work, debug="-g"):
        self.work, self.program, self.debug = work, work / "bin/program", work / "program.debug"
        self.program.parent.mkdir()
        self.write("first")
        self.write("second")
        (work / "main.c").write_text(MAIN)
        run(*FLAGS, debug, "main.c", "first.c", "second.c", "-Wl,--build-id", "-o", "full", cwd=work)
        run("objcopy", "--only-keep-debug", "full", self.debug, cwd=work)
        run("strip", "--strip-all", "full", "-o", self.program, cwd=work)
        run("objcopy", f"--add-gnu-debuglink={self.debug}", self.program, cwd=work)
        self.compile("old.o")
        self.compile("new.o", {"size + 1": "size + 100"})
        self.compile("inlined.o", {"n * 3": "n * 5"})

    def write(self, name, changes=()):
        header, unit = HEADER, UNIT.replace("NAME", name) + (SCALE if name == "second" else "")
        for old, new in dict(changes).items():
            header, unit = header.replace(old, new), unit.replace(old, new)
        (self.work / "header.h").write_text(header)
        (self.work / f"{name}.c").write_text(unit)

    def compile(self, output, changes=()):
        self.write("second", changes)
        run(*FLAGS, "-ffunction-sections", "-fdata-sections", "-c", "second.c", "-o", output, cwd=self.work)

    def build_id(self):
        notes = run("readelf", "-n", self.program).stdout
        return notes.split("Build ID: ")[1].split()[0]

    def create(self, *options, new="new.o", expect=0):
        patch = self.work / "fix.stent"
        patch.unlink(missing_ok=True)
        done = run("env", f"XDG_CACHE_HOME={self.work}", STENT, "create", *options, "--target", self.program, "-o", patch,
                   "old.o", new, cwd=self.work, expect=expect)
        require(patch.exists() == (expect == 0), "a patch exactly where one was made")
        return done.stdout + done.stderr

    def heals(self):
        """Applied, only the second unit's function is new; reverted, none is."""
        process = Process(self.program)
        try:
            process.expect(1, "2 2")
            run(STENT, "apply", self.work / "fix.stent", "--pid", process.pid)
            process.expect(1, "2 101")
            run(STENT, "revert", self.work / "fix.stent", "--pid", process.pid)
            process.expect(1, "2 2")
        finally:
            process.close()

    def place_by_build_id(self, root):
        text = self.build_id()
        folder = root / "usr/lib/debug/.build-id" / text[:2]
        folder.mkdir(parents=True)
        shutil.copy(self.debug, folder / f"{text[2:]}.debug")


def finds_none(build):
    said = build.create(expect=7)
    require("is its debug file found (--debug-root)?" in said, said)


def none_is_found(work):
    finds_none(Build(work))


def by_build_id(work):
    build = Build(work)
    build.place_by_build_id(build.work / "root")
    build.create("--debug-root", build.work / "root")
    build.heals()
    finds_inlined_copies(build, build.work / "root")


def finds_inlined_copies(build, root):
    """Only the debug file tells that the other unit holds a copy of the changed inline function."""
    said = build.create("--debug-root", root, new="inlined.o", expect=11)
    require("scaled is inlined into first" in said, said)


def by_link_beside_the_program(work):
    build = Build(work)
    shutil.copy(build.debug, build.program.parent)
    build.create()
    build.heals()


def by_link_in_a_folder_given(work):
    build = Build(work)
    build.create("--debug-root", build.work)
    build.heals()


def of_another_build(work):
    """The file that .gnu_debuglink names has another checksum: it is not taken."""
    build = Build(work)
    (build.program.parent / "program.debug").write_bytes(build.debug.read_bytes() + b"\0")
    finds_none(build)


def packed_by_dwz(work):
    """What the debug file shares with others stands in an alternate file."""
    build = Build(work)
    other = build.work / "other.debug"
    run("objcopy", "--only-keep-debug", build.work / "full", other)
    run("dwz", "-m", "shared.debug", "-M", ".dwz/shared.debug", build.debug.name, other.name, cwd=build.work)
    require(".gnu_debugaltlink" in run("readelf", "-SW", build.debug).stdout, "dwz packed the debug file")
    root = build.work / "root"
    build.place_by_build_id(root)
    said = build.create("--debug-root", root, expect=3)
    require("shared.debug" in said and "--debug-root" in said, said)
    (root / "usr/lib/debug/.dwz").mkdir()
    shutil.copy(build.work / "shared.debug", root / "usr/lib/debug/.dwz")
    build.create("--debug-root", root)
    build.heals()
    finds_inlined_copies(build, root)


def without_debug_information(work):
    """What cannot be seen needs a person's word, where other units can hold a copy."""
    build = Build(work, "-g0")
    shutil.copy(work / "full", build.program)
    build.create()
    asks_for_a_word(build, "holds no debug information")
    build.create("--ack", "inlined-copies:scaled=no other unit inlines it", new="inlined.o")


def asks_for_a_word(build, reason):
    said = build.create(new="inlined.o", expect=11)
    require("inlined-copies:scaled" in said and reason in said, said)


def split(work):
    """-gsplit-dwarf leaves the description of the code in .dwo files."""
    build = Build(work, "-gsplit-dwarf")
    shutil.copy(work / "full", build.program)
    finds_inlined_copies(build, work)
    for file in work.glob("*.dwo"):
        file.unlink()
    build.create()
    asks_for_a_word(build, "(.dwo files) is not where it was written")


def recorded_commands_that_lack_a_unit(work):
    """The header's change is compiled for the units on record; the debug file knows of one more."""
    build = Build(work)
    build.write("second")
    (work / "fix.diff").write_text("--- a/header.h\n+++ b/header.h\n@@ -4 +4 @@\n"
                                   "-static inline __attribute__((always_inline)) int scaled(int n) { return n * 3 + 7; }\n"
                                   "+static inline __attribute__((always_inline)) int scaled(int n) { return n * 5 + 7; }\n")
    for units, status in (("second",), 11), (("first", "second"), 0):
        (work / "compile_commands.json").write_text(json.dumps([
            {"directory": str(work), "file": f"{name}.c", "arguments": [*FLAGS, "-c", f"{name}.c", "-o", f"{name}.o"]}
            for name in units]))
        done = run(STENT, "create", "--debug-root", work, "--target", build.program, "--compile-commands",
                   work / "compile_commands.json", "--patch", work / "fix.diff", "-o", work / "fix.stent",
                   expect=status)
        require(status == 0 or "scaled is inlined into first" in done.stderr, done.stderr)


STENT = pathlib.Path(sys.argv[1]).resolve()
for case in (none_is_found, by_build_id, by_link_beside_the_program, by_link_in_a_folder_given, of_another_build,
             packed_by_dwz, without_debug_information, split, recorded_commands_that_lack_a_unit):
    with tempfile.TemporaryDirectory(prefix="stent-debug-") as folder:
        case(pathlib.Path(folder))
    print("ok  ", case.__name__.replace("_", " "), flush=True)
