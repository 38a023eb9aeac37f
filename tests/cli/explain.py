#!/usr/bin/env python3
"""`create --explain` tells what changed and where, what came along, and what is bound; hunks need a word where needed.

    explain.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile

UNIT = """#include <stdio.h>
static int total = 5;
static const char *const names[] = {"one", "two"};
int untouched(int n) { return n + total; }
int fixed(int n) {
  total += n;
  return printf("%s\\n", names[n & 1]);
}
int main(int argc, char **argv) { (void)argv; return fixed(argc) + untouched(argc); }
"""
DIFF = """--- a/unit.c
+++ b/unit.c
@@ -5,4 +5,5 @@
 int fixed(int n) {
   total += n;
-  return printf("%s\\n", names[n & 1]);
+  if (n == 7) return helper(n);
+  return printf("%s\\n", names[n & 1]);
 }
--- a/Makefile
+++ b/Makefile
@@ -1 +1 @@
-all:
+all: more
"""


def main():
    stent = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="stent-explain-") as folder:
        work = pathlib.Path(folder)
        (work / "unit.c").write_text(UNIT)
        (work / "Makefile").write_text("all:\n")
        fix = DIFF.replace("@@ -5,4 +5,5 @@\n", "@@ -5,4 +5,6 @@\n+static __attribute__((noipa)) int helper(int n) "
                                                "{ return puts(\"seven\") * n; }\n")
        (work / "fix.diff").write_text(fix)
        command = ["gcc", "-O2", "-g", "-c", "unit.c", "-o", "unit.o"]
        subprocess.run(command, cwd=work, check=True)
        subprocess.run(["gcc", "unit.o", "-o", "program"], cwd=work, check=True)
        (work / "compile_commands.json").write_text(
            json.dumps([{"directory": folder, "file": "unit.c", "arguments": command}]))

        def create(*options):
            return subprocess.run([stent, "create", "--target", "program", "--compile-commands", "compile_commands.json",
                                   "--patch", "fix.diff", *options], cwd=work, capture_output=True, text=True)

        def must(condition, text, done):
            print(("ok   " if condition else "FAIL ") + text, flush=True)
            if not condition:
                sys.exit(f"status {done.returncode}\n{done.stdout}{done.stderr}")

        asked = create("-o", "fix.stent")
        must(asked.returncode == 11 and "hunk:Makefile" in asked.stderr and not (work / "fix.stent").exists(),
             "a changed build file needs a person's word", asked)
        word = ["--ack", "hunk:Makefile=only a new goal"]
        done = create(*word, "-o", "fix.stent")
        must(done.returncode == 0 and (work / "fix.stent").exists(), "and with it the patch is made", done)
        shown = subprocess.run([stent, "show", "fix.stent", "--json"], cwd=work, capture_output=True, text=True)
        must("fixed" in shown.stdout, "it replaces the function", shown)

        done = create(*word, "--explain", "--json")
        must(done.returncode == 0, "--explain needs no output file", done)
        said = json.loads(done.stdout)
        explanation = said["explanation"]
        functions = {f["name"]: f for f in explanation["functions"]}
        must(set(functions) == {"fixed", "helper"} and functions["helper"]["kind"] == "added", "all functions", done)
        must("->" in functions["fixed"]["difference"] and "unit.c:" in functions["fixed"]["old_line"],
             "the first difference and its line", done)
        carried = {c["name"]: c["needed_by"] for c in explanation["carried"]}
        must(carried.get("helper") == ["fixed"] and carried.get('"seven"') == ["fixed", "helper"], "the chain", done)
        bound = {b["name"]: b for b in explanation["bound"]}
        must("total" in bound and bound["total"]["evidence"] == "matched code names it"
             and "module" in bound["total"]["where"], "bindings with their evidence", done)
        must(any("Makefile:1" in note for note in said["notes"]), "every hunk is accounted for", done)
        human = create(*word, "--explain")
        must("first difference" in human.stdout and "needed by fixed" in human.stdout, "the same for people", human)
        people_read_cplusplus(stent, work, must)


CPLUSPLUS = """namespace shop {
int rate = 3;
__attribute__((noinline)) int price(int n) { return n * rate + 1; }
}
int main(int argc, char **) { return shop::price(argc); }
"""


def people_read_cplusplus(stent, work, must):
    """C++ names as in the source; the linker's names beside them, and alone in JSON."""
    (work / "old").mkdir()
    for side, text in (("old", CPLUSPLUS), ("new", CPLUSPLUS.replace("+ 1", "+ 2")),
                       ("bad", CPLUSPLUS.replace("+ 1", "+ 2").replace("rate = 3", "rate = 4"))):
        (work / "shop.cpp").write_text(text)
        subprocess.run(["g++", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-c", "shop.cpp", "-o", f"{side}.o"],
                       cwd=work, check=True)
    subprocess.run(["g++", "old.o", "-o", "shop"], cwd=work, check=True)

    def create(new, *options):
        return subprocess.run([stent, "create", "--target", "shop", "old.o", new, "--explain", *options], cwd=work,
                              capture_output=True, text=True)

    done = create("new.o")
    must(done.returncode == 0 and "shop::price(int) [_ZN4shop5priceEi]" in done.stdout, "both names of a function", done)
    done = create("new.o", "--json")
    must(json.loads(done.stdout)["images"][0]["functions"] == ["_ZN4shop5priceEi"], "the linker's name in JSON", done)
    done = create("bad.o")
    must(done.returncode == 11 and "shop::rate" in done.stderr and "_ZN" not in done.stderr, "errors name it so too", done)


if __name__ == "__main__":
    main()
