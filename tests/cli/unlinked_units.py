#!/usr/bin/env python3
"""A fix whose new code calls what the target was linked without: a member of an archive that nothing had pulled, which calls
another, and a unit that only the new build has.

    unlinked_units.py STENT
"""
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
COUNTED = "int tripled(int);\nstatic int calls;\nint counted(int n) { return tripled(n) + 100 * ++calls; }\n"
TRIPLED = "int tripled(int n) { return n * 3; }\n"
PREPARED = TRIPLED + "int ready;\n__attribute__((constructor)) static void prepare(void) { ready = 1; }\n"


def run(*command, expect=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class UnlinkedUnits(unittest.TestCase):
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
        run("gcc", *objects, "-o", self.work / "program")

    def create(self, *given, expect=0, acknowledged=("--ack", "*=a test")):
        return run(STENT, "create", *acknowledged, "--target", self.work / "program", "-o", self.work / "fix.stent",
                   *given, expect=expect)

    def heal(self):
        child = subprocess.Popen([self.work / "program"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask():
            child.stdin.write("go\n")
            child.stdin.flush()
            return int(child.stdout.readline())

        try:
            self.assertEqual(child.stdout.readline(), "ready\n")
            self.assertEqual(ask(), 8)
            run(STENT, "apply", self.work / "fix.stent", "--pid", child.pid)
            self.assertEqual([ask(), ask()], [1121, 1221])
            run(STENT, "revert", self.work / "fix.stent", "--pid", child.pid)
            self.assertEqual(ask(), 8)
        finally:
            child.kill()
            child.communicate()

    def test_members_of_an_archive_that_nothing_pulled(self):
        unchanged = {"counted": COUNTED, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=MAIN, **unchanged)
        self.build("new", answer=HEALED, main=MAIN, **unchanged)
        self.link(self.work / "old/main.o", self.work / "old/libunits.a")
        self.assertNotIn("counted", run("nm", self.work / "program"))
        said = self.create(self.work / "old/libunits.a", self.work / "new/libunits.a")
        self.assertIn("counted.o): comes along, for counted: the target was linked without it", said)
        given = self.work / "old/libunits.a", self.work / "new/libunits.a"
        self.assertIn("counted.o) comes along as a whole, and the review has not looked at it",
                      self.create(*given, expect=11, acknowledged=()))
        self.heal()

    def test_units_that_only_the_new_build_has(self):
        self.build("old", answer=ANSWER, main=MAIN)
        self.build("new", answer=HEALED, main=MAIN, counted=COUNTED, tripled=TRIPLED)
        for side in ("old", "new"):
            (self.work / side / "libunits.a").unlink()
        self.link(self.work / "old/main.o", self.work / "old/answer.o")
        said = self.create("--old-tree", self.work / "old", "--new-tree", self.work / "new")
        self.assertIn("counted.o: comes along, for counted", said)
        self.heal()

    def test_two_that_offer_a_name_are_no_choice(self):
        self.build("old", answer=ANSWER, main=MAIN)
        self.build("new", answer=HEALED, main=MAIN, counted=COUNTED, other=COUNTED, tripled=TRIPLED)
        self.link(self.work / "old/main.o", self.work / "old/answer.o")
        self.assertNotIn("comes along", self.create("--old-tree", self.work / "old", "--new-tree", self.work / "new"))

    def test_one_that_would_have_to_run_at_the_start_is_refused(self):
        unchanged = {"counted": COUNTED, "tripled": PREPARED}
        self.build("old", answer=ANSWER, main=MAIN, **unchanged)
        self.build("new", answer=HEALED, main=MAIN, **unchanged)
        self.link(self.work / "old/main.o", self.work / "old/libunits.a")
        said = self.create(self.work / "old/libunits.a", self.work / "new/libunits.a", expect=11)
        self.assertIn(".init_array", said)


if __name__ == "__main__":
    unittest.main()
