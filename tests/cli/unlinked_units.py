#!/usr/bin/env python3
"""A fix whose new code calls what the target was linked without: a member of an archive that nothing had pulled, which calls
another; a unit that only the new build has, or both have; one of recorded commands, of an observed build, of pairs. What nothing
defines needs a word when the patch is made, not when it is applied. The review looks at what comes along
as at other new code.

    unlinked_units.py STENT
"""
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
COUNTED = "int tripled(int);\nstatic int calls;\nint counted(int n) { return tripled(n) + 100 * ++calls; }\n"
TRIPLED = "int tripled(int n) { return n * 3; }\n"
PREPARE = "int ready;\n__attribute__((constructor)) static void prepare(void) { ready = 1; }\n"
EFFECTS = """#define _DEFAULT_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int tripled(int);
static int calls;
static void *work(void *of) { return of; }
static void nothing(int status, void *of) {}
int counted(int n) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, NULL) == 0) pthread_join(thread, NULL);
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGUSR2, &ignore, NULL);
  on_exit(nothing, NULL);
  if (dlopen("libc.so.6", RTLD_NOW) == NULL) return -1;
  close(socket(AF_UNIX, SOCK_STREAM, 0));
  return tripled(n) + 100 * ++calls;
}
"""
TABLE = """int tripled(int);
static int calls, hundreds[4];
void table_begin(void) { for (int i = 0; i < 4; i++) hundreds[i] = 100; }
int counted(int n) { return tripled(n) + hundreds[n & 3] * ++calls; }
"""
OWN_LOCK = """#include <pthread.h>
int tripled(int);
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static int calls;
int counted(int n) {
  pthread_mutex_lock(&own);
  int now = ++calls;
  pthread_mutex_unlock(&own);
  return tripled(n) + 100 * now;
}
"""


def run(*command, expect=0, cwd=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS, cwd=cwd)
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

    def link_without_archives(self):
        for side in ("old", "new"):
            (self.work / side / "libunits.a").unlink()
        self.link(self.work / "old/main.o", self.work / "old/answer.o")

    def create(self, *given, expect=0, acknowledged=(), cwd=None):
        return run(STENT, "create", *acknowledged, "--target", self.work / "program", "-o", self.work / "fix.stent",
                   *given, expect=expect, cwd=cwd)

    def findings(self):
        """What the patch stores, by id."""
        said = json.loads(run(STENT, "show", "--json", self.work / "fix.stent"))
        return {one["id"]: one for one in said["findings"]}

    def fix_with(self, counted, healed=HEALED, main=MAIN, libraries=()):
        """A fix that newly calls the unlinked unit `counted`: the archives to make it from."""
        units = {"counted": counted, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=main, **units)
        self.build("new", answer=healed, main=main, **units)
        self.link(self.work / "old/main.o", self.work / "old/libunits.a", *libraries)
        return self.work / "old/libunits.a", self.work / "new/libunits.a"

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
        stored = self.findings()
        (along,) = (one for name, one in stored.items() if name.startswith("comes-along:") and "counted" in name)
        self.assertEqual(along["level"], "note")
        self.assertEqual({one["level"] for one in stored.values()}, {"note"})
        self.heal()

    def test_units_that_only_the_new_build_has(self):
        self.build("old", answer=ANSWER, main=MAIN)
        self.build("new", answer=HEALED, main=MAIN, counted=COUNTED, tripled=TRIPLED)
        self.link_without_archives()
        said = self.create("--old-tree", self.work / "old", "--new-tree", self.work / "new")
        self.assertIn("counted.o: comes along, for counted", said)
        self.heal()

    def test_units_that_both_builds_have(self):
        unchanged = {"counted": COUNTED, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=MAIN, **unchanged)
        self.build("new", answer=HEALED, main=MAIN, **unchanged)
        self.link_without_archives()
        said = self.create("--old-tree", self.work / "old", "--new-tree", self.work / "new")
        self.assertIn("counted.o: comes along, for counted", said)
        self.heal()

    def test_pairs_of_which_the_target_has_nothing(self):
        unchanged = {"counted": COUNTED, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=MAIN, **unchanged)
        self.build("new", answer=HEALED, main=MAIN, **unchanged)
        self.link(self.work / "old/main.o", self.work / "old/answer.o")
        pair = [self.work / side / "answer.o" for side in ("old", "new")]
        said = self.create(*pair, expect=11, acknowledged=())
        self.assertIn("counted is defined neither by program nor by what it is linked with", said)
        others = [self.work / "new" / f"{name}.o" for name in unchanged for _ in range(2)]
        self.assertIn("counted.o: comes along, for counted", self.create(*pair, *others))
        self.heal()

    def sources(self):
        """A tree of sources before the change, its program, and the change as a diff."""
        for name, text in {"answer": ANSWER, "main": MAIN, "counted": COUNTED, "tripled": TRIPLED}.items():
            (self.work / f"{name}.c").write_text(text)
        run("gcc", "-O2", "-g", "main.c", "answer.c", "-o", self.work / "program", cwd=self.work)
        diff = difflib.unified_diff(ANSWER.splitlines(True), HEALED.splitlines(True), "a/answer.c", "b/answer.c")
        (self.work / "fix.diff").write_text("".join(diff))

    def test_units_of_recorded_commands(self):
        self.sources()
        (self.work / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.work), "file": f"{name}.c", "command": f"gcc -O2 -g -c {name}.c -o {name}.o"}
             for name in ("answer", "main", "counted", "tripled")]))
        given = "--patch", self.work / "fix.diff", "--compile-commands", self.work / "compile_commands.json"
        self.assertIn("counted.c: comes along, for counted: the target was linked without it", self.create(*given))
        self.heal()

    def test_units_of_an_observed_build(self):
        self.sources()
        build = "for u in answer main counted tripled; do gcc -O2 -g -c $u.c -o $u.o || exit; done"
        said = self.create("--patch", self.work / "fix.diff", "--", "sh", "-c", build, cwd=self.work)
        self.assertIn("tripled.c: comes along, for tripled", said)
        self.heal()

    def test_a_name_that_no_unit_defines_needs_a_word_when_the_patch_is_made(self):
        self.sources()
        (self.work / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.work), "file": "answer.c", "command": "gcc -O2 -g -c answer.c -o answer.o"}]))
        given = "--patch", self.work / "fix.diff", "--compile-commands", self.work / "compile_commands.json"
        said = self.create(*given, expect=11, acknowledged=())
        self.assertIn("counted is defined neither by program nor by what it is linked with (ld-linux-x86-64.so.2, libc.so.6)", said)
        self.create(*given, acknowledged=("--ack", "symbol:counted=the preloaded library has it"))
        run("gcc", "-O2", "-g", "-static", "main.c", "answer.c", "-o", self.work / "program", cwd=self.work)
        self.assertIn("a static program cannot load it", self.create(*given, expect=11))

    def test_a_library_that_the_target_needs_may_define_it(self):
        self.sources()
        run("gcc", "-O2", "-fPIC", "-shared", "counted.c", "tripled.c", "-o", "libcounted.so", cwd=self.work)
        run("gcc", "-O2", "-g", "main.c", "answer.c", "-Wl,--no-as-needed", "-L.", "-lcounted", "-Wl,-rpath,$ORIGIN", "-o",
            self.work / "program", cwd=self.work)
        (self.work / "compile_commands.json").write_text(json.dumps(
            [{"directory": str(self.work), "file": "answer.c", "command": "gcc -O2 -g -c answer.c -o answer.o"}]))
        given = "--patch", self.work / "fix.diff", "--compile-commands", self.work / "compile_commands.json"
        self.create(*given, acknowledged=())
        self.heal()
        commands = [{"directory": str(self.work), "file": f"{name}.c", "command": f"gcc -O2 -g -c {name}.c -o {name}.o"}
                    for name in ("answer", "counted")]
        (self.work / "compile_commands.json").write_text(json.dumps(commands))
        self.assertNotIn("comes along", self.create(*given, acknowledged=()))

    def test_of_a_stripped_target_nothing_tells_what_it_was_linked_with(self):
        linked = MAIN.replace("int answer(int);", "int answer(int); int counted(int);").replace(
            'puts("ready")', 'if (getchar_unlocked == 0) counted(1); puts("ready")')
        unchanged = {"counted": COUNTED, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=linked, **unchanged)
        self.build("new", answer=HEALED, main=linked, **unchanged)
        self.link("-s", "-Wl,--export-dynamic-symbol=answer", "-Wl,--undefined=counted", self.work / "old/main.o", self.work / "old/libunits.a")
        said = self.create(self.work / "old/libunits.a", self.work / "new/libunits.a", expect=11)
        self.assertIn("nothing tells whether program was linked with it", said)

    def test_two_that_offer_a_name_are_no_choice(self):
        self.build("old", answer=ANSWER, main=MAIN)
        self.build("new", answer=HEALED, main=MAIN, counted=COUNTED, other=COUNTED, tripled=TRIPLED)
        self.link(self.work / "old/main.o", self.work / "old/answer.o")
        said = self.create("--old-tree", self.work / "old", "--new-tree", self.work / "new",
                           acknowledged=("--ack", "*=a test"))
        self.assertNotIn("comes along", said)
        self.assertIn("counted is defined by counted.o and others", said)

    def test_one_that_would_have_to_run_at_the_start_is_refused(self):
        given = self.fix_with(COUNTED + PREPARE)
        self.assertIn(".init_array", self.create(*given, expect=11))

    def test_one_that_would_have_to_run_at_the_end_is_refused(self):
        given = self.fix_with(COUNTED + PREPARE.replace("constructor", "destructor"))
        self.assertIn(".fini_array", self.create(*given, expect=11))

    def test_threads_handlers_and_calls_that_filters_may_forbid_are_a_persons_question(self):
        given = self.fix_with(EFFECTS)
        said = self.create(*given, expect=11)
        for name in ("pthread_create", "sigaction", "on_exit", "dlopen", "socket"):
            self.assertRegex(said, rf"new-effect:{name}: counted calls {name} newly.*\(.*counted.c:\d+\)")
        self.assertNotIn("comes-along", said)
        words = [word for name in ("pthread_create", "sigaction", "on_exit", "dlopen", "socket")
                 for word in ("--ack", f"new-effect:{name}=known to {name}")]
        self.create(*given, acknowledged=words)
        self.assertEqual(self.findings()["new-effect:dlopen"]["acknowledgement"], "known to dlopen")
        self.heal()

    def test_state_that_nobody_has_set_is_found(self):
        given = self.fix_with(TABLE)
        said = self.create(*given, expect=11)
        self.assertRegex(said, r"unprepared:hundreds: hundreds is set by table_begin alone, .*\(.*counted.c:\d+\)")

    def test_state_that_new_code_sets_first_is_none(self):
        healed = "void table_begin(void);\n" + HEALED.replace("{ kept", "{ static int begun; if (!begun) table_begin(), begun = 1; kept")
        given = self.fix_with(TABLE, healed)
        self.create(*given)
        self.assertEqual({one["level"] for one in self.findings().values()}, {"note"})
        self.heal()

    def test_a_lock_of_its_own_is_worth_knowing(self):
        given = self.fix_with(OWN_LOCK)
        self.create(*given)
        self.assertEqual(self.findings()["synchronisation:counted"]["level"], "note")
        self.heal()

    def test_a_lock_of_others_is_a_question(self):
        main = MAIN.replace("#include <stdio.h>", "#include <stdio.h>\n#include <pthread.h>\n"
                            "pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;")
        given = self.fix_with(OWN_LOCK.replace("static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER",
                                               "extern pthread_mutex_t own"), main=main)
        self.assertIn("synchronisation:counted", self.create(*given, expect=11))


if __name__ == "__main__":
    unittest.main()
