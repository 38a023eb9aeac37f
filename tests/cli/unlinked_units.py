#!/usr/bin/env python3
"""A fix whose new code calls what the target was linked without: a member of an archive that nothing had pulled, which calls
another; a unit that only the new build has, or both have; one of recorded commands, of an observed build, of pairs. What nothing
defines needs a word when the patch is made, not when it is applied. The review looks at what comes along
as at other new code.

    unlinked_units.py STENT
"""
import json
import unittest

from unlinked import ANSWER, HEALED, MAIN, STENT, Unlinked, run

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


class UnlinkedUnits(Unlinked):
    LINKED = ("answer", "main")

    def link_without_archives(self):
        self.without_archives()
        self.link(self.work / "old/main.o", self.work / "old/answer.o")

    def tree_of_sources(self):
        self.sources(answer=ANSWER, main=MAIN, counted=COUNTED, tripled=TRIPLED)

    def fix_with(self, counted, healed=HEALED, main=MAIN, libraries=()):
        """A fix that newly calls the unlinked unit `counted`: the archives to make it from."""
        units = {"counted": counted, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=main, **units)
        self.build("new", answer=healed, main=main, **units)
        self.link(self.work / "old/main.o", self.work / "old/libunits.a", *libraries)
        return self.work / "old/libunits.a", self.work / "new/libunits.a"

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
        said = self.create(*self.trees())
        self.assertIn("counted.o: comes along, for counted", said)
        self.heal()

    def test_units_that_both_builds_have(self):
        unchanged = {"counted": COUNTED, "tripled": TRIPLED}
        self.build("old", answer=ANSWER, main=MAIN, **unchanged)
        self.build("new", answer=HEALED, main=MAIN, **unchanged)
        self.link_without_archives()
        said = self.create(*self.trees())
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

    def test_units_of_recorded_commands(self):
        self.tree_of_sources()
        given = self.recorded(("answer", "main", "counted", "tripled"))
        self.assertIn("counted.c: comes along, for counted: the target was linked without it", self.create(*given))
        self.heal()

    def test_units_of_an_observed_build(self):
        self.tree_of_sources()
        said = self.create(*self.observed(("answer", "main", "counted", "tripled")), cwd=self.work)
        self.assertIn("tripled.c: comes along, for tripled", said)
        self.heal()

    def observed_with_an_archive(self, optimised, compiler="gcc", lto="-flto"):
        """An observed build in which the units of `optimised` are compiled with link-time optimisation."""
        self.tree_of_sources()
        flags = f"{compiler} -O2 -g -fno-inline"
        build = [f"{flags} {lto if unit in optimised else ''} -c {unit}.c" for unit in ("answer", "main", "counted", "tripled")]
        if compiler == "gcc":
            build += ["rm -f libunits.a", "gcc-ar rc libunits.a answer.o counted.o tripled.o", f"{flags} {lto} main.o libunits.a -o program"]
        else:
            build += [f"{flags} {lto} -B/usr/lib/llvm-16/bin -fuse-ld=lld main.o -Wl,--start-lib answer.o counted.o tripled.o "
                      "-Wl,--end-lib -o program"]
        run("sh", "-ec", "\n".join(build), cwd=self.work)
        self.assertNotIn("counted", run("nm", self.work / "program"))
        return "--patch", self.work / "fix.diff", "--", "sh", "-ec", "\n".join(build)

    def test_link_time_optimisation_pulls_what_it_needs(self):
        for lto in ("-flto", "-flto -ffat-lto-objects"):
            with self.subTest(lto=lto):
                given = self.observed_with_an_archive(("answer", "main", "counted", "tripled"), lto=lto)
                self.create(*given, cwd=self.work, acknowledged=("--ack", "*=main calls it each time"))
                self.heal()

    def test_thin_optimisation_that_pulls_units_is_refused_by_name(self):
        given = self.observed_with_an_archive(("answer", "main", "counted", "tripled"), "clang-16", "-flto=thin")
        said = self.create(*given, cwd=self.work, expect=6)
        self.assertIn("wrote 3 objects before the change and 5 after it", said)
        self.assertIn("do without them in the new code", said)

    def test_an_optimised_unit_calls_plain_ones(self):
        given = self.observed_with_an_archive(("answer", "main"))
        said = self.create(*given, cwd=self.work, acknowledged=("--ack", "*=main calls it each time"))
        self.assertIn("counted.c: comes along, for counted: the target was linked without it", said)
        self.heal()

    def test_a_plain_unit_that_calls_an_optimised_one_leaves_a_question(self):
        given = self.observed_with_an_archive(("counted",))
        self.assertIn("symbol:counted", self.create(*given, cwd=self.work, expect=11))

    def test_fat_objects_of_an_optimised_program_are_refused_by_their_kind(self):
        self.observed_with_an_archive(("answer", "main", "counted", "tripled"))
        for side, text in (("old", ANSWER), ("new", HEALED)):
            (self.work / side).mkdir()
            (self.work / side / "answer.c").write_text(text)
            run("gcc", "-O2", "-g", "-flto", "-ffat-lto-objects", "-ffunction-sections", "-c", "answer.c", cwd=self.work / side)
        said = self.create(self.work / "old/answer.o", self.work / "new/answer.o", expect=7)
        self.assertIn("the objects also hold a compiler's intermediate code", said)

    def test_a_name_that_no_unit_defines_needs_a_word_when_the_patch_is_made(self):
        self.tree_of_sources()
        given = self.recorded(("answer",))
        said = self.create(*given, expect=11, acknowledged=())
        self.assertIn("counted is defined neither by program nor by what it is linked with (ld-linux-x86-64.so.2, libc.so.6)", said)
        self.create(*given, acknowledged=("--ack", "symbol:counted=the preloaded library has it"))
        run("gcc", "-O2", "-g", "-static", "main.c", "answer.c", "-o", self.work / "program", cwd=self.work)
        self.assertIn("a static program cannot load it", self.create(*given, expect=11))

    def test_a_library_that_the_target_needs_may_define_it(self):
        self.tree_of_sources()
        run("gcc", "-O2", "-fPIC", "-shared", "counted.c", "tripled.c", "-o", "libcounted.so", cwd=self.work)
        run("gcc", "-O2", "-g", "main.c", "answer.c", "-Wl,--no-as-needed", "-L.", "-lcounted", "-Wl,-rpath,$ORIGIN", "-o",
            self.work / "program", cwd=self.work)
        given = self.recorded(("answer",))
        self.create(*given, acknowledged=())
        self.heal()
        given = self.recorded(("answer", "counted"))
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
        said = self.create(*self.trees(),
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
