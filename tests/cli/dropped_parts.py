#!/usr/bin/env python3
"""A fix whose new code needs functions and data that the linker dropped (--gc-sections) from units that the target was linked
with: they come along with their own helpers and constants, by every front end; what the target has stays the target's.

    dropped_parts.py STENT
"""
import unittest

from unlinked import ANSWER, HEALED, MAIN, Unlinked, run

USES = MAIN.replace("int answer(int);", "int answer(int); int used(int); int doubled(int);").replace(
    'puts("ready")', 'used(doubled(20)); puts("ready")')
# `live` and `bump` are in the target, `counted`, `step`, `hundreds` and `calls` are not.
COUNTED = """int tripled(int);
static int live, calls;
static const int hundreds[4] = {100, 100, 100, 100};
__attribute__((noinline)) static int bump(int n) { return live += n; }
__attribute__((noinline)) static int step(int n) { return hundreds[n & 3]; }
int used(int n) { return bump(n); }
int counted(int n) { return tripled(n) + step(n) * ++calls + bump(0) - 40; }
"""
TRIPLED = "int threes = 3;\nint doubled(int n) { return n * 2; }\nint tripled(int n) { return n * threes; }\n"
UNITS = {"answer": ANSWER, "main": USES, "counted": COUNTED, "tripled": TRIPLED}
SECTIONS = ("-ffunction-sections", "-fdata-sections")


class DroppedParts(Unlinked):
    LINK = ("-Wl,--gc-sections",)
    LINKED = tuple(UNITS)

    def both_builds(self, **other):
        """The objects of before and after, and the program of before."""
        units = {**UNITS, **other}
        self.build("old", **units)
        self.build("new", **{**units, "answer": HEALED})
        self.link(*(self.work / "old" / f"{name}.o" for name in units))
        names = run("nm", self.work / "program")
        for dropped in ("counted", "tripled"):
            self.assertNotRegex(names, rf"(?m) {dropped}$")

    def of_trees(self, **other):
        self.both_builds(**other)
        self.without_archives()
        return self.trees()

    def test_trees_and_what_is_told(self):
        said = self.create(*self.of_trees())
        self.assertIn("counted.o: counted comes along: the target was linked without it", said)
        self.assertIn("tripled.o: tripled comes along: the target was linked without it", said)
        stored = self.findings()
        self.assertEqual({one["level"] for one in stored.values()}, {"note"})
        said = stored["comes-along:counted.o"]["message"]
        self.assertIn("calls, counted, hundreds, step come along", said)
        for name in ("live", "bump", "used"):
            self.assertNotIn(name, said)
        self.assertIn("threes, tripled come along", stored["comes-along:tripled.o"]["message"])
        self.heal()

    def test_a_stack_of_pairs(self):
        self.both_builds()
        pairs = [self.work / side / f"{name}.o" for name in ("answer", "counted", "tripled") for side in ("old", "new")]
        self.assertIn("counted comes along", self.create(*pairs))
        self.heal()

    def test_a_pair_alone_leaves_a_question(self):
        self.both_builds()
        pair = [self.work / side / "answer.o" for side in ("old", "new")]
        self.assertIn("symbol:counted", self.create(*pair, expect=11))

    def test_members_of_a_static_library(self):
        self.both_builds()
        self.link(self.work / "old/main.o", self.work / "old/libunits.a")
        said = self.create(self.work / "old/libunits.a", self.work / "new/libunits.a")
        self.assertIn("counted.o): counted comes along", said)
        self.heal()

    def test_recorded_commands(self):
        self.sources(SECTIONS, **UNITS)
        self.assertIn("counted.c: counted comes along", self.create(*self.recorded(UNITS, " ".join(SECTIONS))))
        self.heal()

    def test_an_observed_build(self):
        self.sources(SECTIONS, **UNITS)
        self.assertIn("tripled.c: tripled comes along", self.create(*self.observed(UNITS, " ".join(SECTIONS)), cwd=self.work))
        self.heal()

    def test_of_a_unit_that_changed_as_well(self):
        given = self.of_trees()
        (self.work / "new/counted.c").write_text(COUNTED.replace("return bump(n);", "return bump(n) + 1;"))
        run("gcc", "-O2", "-g", *SECTIONS, "-c", "counted.c", cwd=self.work / "new")
        self.assertIn("counted.o: counted comes along", self.create(*given))
        self.heal()

    def test_a_unit_of_the_same_dropped_name_for_a_weak_reference(self):
        weak = HEALED.replace("int counted(int);", "__attribute__((weak)) int counted(int);").replace(
            "counted(n)", "(counted ? counted(n) : 0)")
        self.both_builds()
        (self.work / "new/answer.c").write_text(weak)
        run("gcc", "-O2", "-g", *SECTIONS, "-c", "answer.c", cwd=self.work / "new")
        self.without_archives()
        self.create(*self.trees(), acknowledged=("--ack", "*=a test"))
        self.heal()

    def test_of_a_stripped_target_nothing_tells(self):
        given = self.of_trees()
        self.link("-s", "-Wl,--export-dynamic-symbol=answer", *(self.work / "old" / f"{name}.o" for name in UNITS))
        self.assertIn("nothing tells whether program was linked with it", self.create(*given, expect=11))

    def test_what_is_there_with_other_code_is_not_taken(self):
        given = self.of_trees()
        (self.work / "other.c").write_text(COUNTED.replace("return bump(n);", "return bump(n + 0 * n) ^ 3;"))
        run("gcc", "-O2", "-g", *SECTIONS, "-c", self.work / "other.c", "-o", self.work / "other.o")
        objects = [self.work / "old" / f"{name}.o" for name in UNITS if name != "counted"]
        self.link(*objects, self.work / "other.o")
        said = self.create(*given, expect=11)
        self.assertIn("counted is defined neither by program nor by what it is linked with", said)

    def test_statics_of_one_name_are_told_apart(self):
        text = COUNTED.replace("static int live, calls;", "static int live;").replace(
            "{ return live += n; }", "{ static int seen; seen += n; return live += n; }").replace(
            "{ return tripled(n) + step(n) * ++calls", "{ static int seen; return tripled(n) + step(n) * ++seen")
        self.create(*self.of_trees(counted=text))
        self.heal()

    def test_data_that_nobody_has_set_is_found(self):
        text = COUNTED.replace("static const int hundreds[4] = {100, 100, 100, 100};",
                               "static int hundreds[4];\nvoid begin(void) { for (int i = 0; i < 4; i++) hundreds[i] = 100; }")
        said = self.create(*self.of_trees(counted=text), expect=11)
        self.assertIn("unprepared:hundreds: hundreds is set by begin alone", said)

    def test_threads_and_handlers_are_a_persons_question(self):
        text = "#include <signal.h>\n" + COUNTED.replace("return tripled(n)", "signal(SIGUSR2, SIG_IGN); return tripled(n)")
        self.assertIn("new-effect:signal: counted calls signal newly", self.create(*self.of_trees(counted=text), expect=11))

    def test_a_thread_local_is_refused_by_its_name(self):
        text = COUNTED.replace("static int live, calls;", "static int live; static __thread int calls;")
        said = self.create(*self.of_trees(counted=text), expect=11)
        self.assertIn("the target was linked without the thread-local calls", said)

    def test_an_indirect_function_is_refused_by_its_name(self):
        text = COUNTED.replace("int counted(int n)", "int plain(int n)") + (
            "static int (*choose(void))(int) { return plain; }\n"
            'int counted(int n) __attribute__((ifunc("choose")));\n')
        said = self.create(*self.of_trees(counted=text), expect=11)
        self.assertIn("resolver of an indirect function (IFUNC)", said)

    def test_a_variable_that_a_library_has_too_is_refused(self):
        text = COUNTED.replace("static int live, calls;", "static int live; int calls;")
        self.both_builds(counted=text)
        self.without_archives()

        def library(name, text, *needs):
            (self.work / f"{name}.c").write_text(text)
            run("gcc", "-shared", "-fPIC", f"{name}.c", "-Wl,--no-as-needed", *needs, "-Wl,-rpath,$ORIGIN", "-o",
                f"lib{name}.so", cwd=self.work)

        library("middle", "")
        self.link(*(self.work / "old" / f"{name}.o" for name in UNITS), "-Wl,--no-as-needed", self.work / "libmiddle.so")
        library("shared", "int calls = 7;\n")
        library("middle", "", "-L.", "-lshared")  # had the linker seen it, it would have kept the program's
        self.assertNotRegex(run("nm", self.work / "program"), r"(?m) calls$")
        self.assertIn("new code needs calls of counted.c", self.create(*self.trees(), expect=11))


if __name__ == "__main__":
    unittest.main()
