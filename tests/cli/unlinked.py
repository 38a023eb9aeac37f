"""For tests of fixes that need what the target was linked without: units, a program, a patch, and the process it heals."""
import difflib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

STENT = pathlib.Path(sys.argv.pop(1)).resolve()
DEADLINE_SECONDS = 120
MAIN = """#include <stdio.h>
int answer(int);
int main(void) {
  char line[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (fgets(line, sizeof line, stdin)) printf("%d\\n", answer(7));
  return 0;
}
"""
ANSWER = "volatile int kept;\nint answer(int n) { kept = n; return n + 1; }\n"
HEALED = "int counted(int);\n" + ANSWER.replace("n + 1", "counted(n) + 1000")


def run(*command, expect=0, cwd=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS, cwd=cwd)
    assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Unlinked(unittest.TestCase):
    LINK = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)

    def build(self, side, **units):
        """Objects of a build, and the archive of all but main."""
        top = self.work / side
        top.mkdir()
        for name, text in units.items():
            (top / f"{name}.c").write_text(text)
            run("gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-c", top / f"{name}.c", "-o", top / f"{name}.o")
        run("ar", "rc", top / "libunits.a", *(top / f"{name}.o" for name in units if name != "main"))

    def link(self, *objects):
        run("gcc", *self.LINK, *objects, "-o", self.work / "program")

    def without_archives(self):
        for side in ("old", "new"):
            (self.work / side / "libunits.a").unlink()

    def create(self, *given, expect=0, acknowledged=(), cwd=None):
        return run(STENT, "create", *acknowledged, "--target", self.work / "program", "-o", self.work / "fix.stent",
                   *given, expect=expect, cwd=cwd)

    def trees(self):
        return "--old-tree", self.work / "old", "--new-tree", self.work / "new"

    def findings(self):
        """What the patch stores, by id."""
        said = json.loads(run(STENT, "show", "--json", self.work / "fix.stent"))
        return {one["id"]: one for one in said["findings"]}

    def heal(self, healed=(1121, 1221)):
        child = subprocess.Popen([self.work / "program"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask():
            child.stdin.write("go\n")
            child.stdin.flush()
            return int(child.stdout.readline())

        try:
            self.assertEqual(child.stdout.readline(), "ready\n")
            self.assertEqual(ask(), 8)
            run(STENT, "apply", self.work / "fix.stent", "--pid", child.pid)
            self.assertEqual(tuple(ask() for _ in healed), tuple(healed))
            run(STENT, "revert", self.work / "fix.stent", "--pid", child.pid)
            self.assertEqual(ask(), 8)
        finally:
            child.kill()
            child.communicate()

    def sources(self, flags=(), **units):
        """A tree of sources before the change, its program, and the change as a diff."""
        for name, text in units.items():
            (self.work / f"{name}.c").write_text(text)
        linked = [f"{name}.c" for name in units if name in self.LINKED]
        run("gcc", "-O2", "-g", *flags, *self.LINK, *linked, "-o", self.work / "program", cwd=self.work)
        diff = difflib.unified_diff(ANSWER.splitlines(True), HEALED.splitlines(True), "a/answer.c", "b/answer.c")
        (self.work / "fix.diff").write_text("".join(diff))

    def recorded(self, names, flags=""):
        """The arguments that give the change by recorded commands."""
        (self.work / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.work), "file": f"{name}.c", "command": f"gcc -O2 -g {flags} -c {name}.c -o {name}.o"}
             for name in names]))
        return "--patch", self.work / "fix.diff", "--compile-commands", self.work / "compile_commands.json"

    def observed(self, names, flags=""):
        build = f"for u in {' '.join(names)}; do gcc -O2 -g {flags} -c $u.c -o $u.o || exit; done"
        return "--patch", self.work / "fix.diff", "--", "sh", "-c", build
