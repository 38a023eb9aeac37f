#!/usr/bin/env python3
"""A fix whose new code needs what a unit defines, where the target's unit is easily taken for another, or for none: a variable
that the process has is never doubled unseen.

    mistaken_units.py STENT
"""
import unittest

from unlinked import ANSWER, HEALED, MAIN, Unlinked, run

USES = MAIN.replace("int answer(int);", "int answer(int); int used(int);").replace('puts("ready")', 'used(20); puts("ready")')
# Nothing global of it is linked, but its constructor is, with `calls`.
CONSTRUCTED = """static int calls;
__attribute__((constructor)) static void prepare(void) { calls = 93; }
int counted(int n) { return n + calls; }
int used(int n) { return n + ++calls; }
"""
# Nothing global of it is linked, but an element of a set that the program walks.
COLLECTED = """static int calls;
static int bump(int n) { return calls += n; }
__attribute__((section("bumps"), used)) static int (*const bumper)(int) = bump;
int counted(int n) { return n + calls; }
"""
WALKS = "extern int (*const __start_bumps[])(int), (*const __stop_bumps[])(int);\n" + MAIN.replace(
    'puts("ready")', 'for (int (*const *at)(int) = __start_bumps; at != __stop_bumps; at++) (*at)(93); puts("ready")')
# `bump` is known to data alone, and only it sets `calls`.
POINTED = """static int calls;
__attribute__((noinline)) static int bump(int n) { return calls += n; }
static int (*volatile bumper)(int) = bump;
int used(int n) { return bumper(n) * 3; }
int counted(int n) { return n + calls; }
"""
PLAIN = """static int live, calls;
__attribute__((noinline)) static int bump(int n) { return live += n; }
int used(int n) { return bump(n) * 3; }
int counted(int n) { return bump(0) + n + ++calls; }
"""


class MistakenUnits(Unlinked):
    LINK = ("-Wl,--gc-sections",)

    def trees_of(self, counted, main=USES, linked=None, flags=()):
        """Both trees, and the program of before, in which `linked` (an object) stands for counted.o."""
        units = {"answer": ANSWER, "main": main, "counted": counted}
        self.build("old", **units)
        self.build("new", **{**units, "answer": HEALED})
        self.without_archives()
        self.link(*flags, self.work / "old/answer.o", self.work / "old/main.o", linked or self.work / "old/counted.o")
        self.assertNotRegex(run("nm", self.work / "program"), r"(?m) T counted$")
        return self.trees()

    def other(self, text, *flags):
        """Another unit, of a source of the same name."""
        (self.work / "other").mkdir()
        (self.work / "other/counted.c").write_text(text)
        run("gcc", "-O2", "-ffunction-sections", "-fdata-sections", *flags, "-c", "counted.c", "-o", "counted.o", cwd=self.work / "other")
        return self.work / "other/counted.o"

    def test_a_unit_of_which_only_the_constructor_is_there(self):
        given = self.trees_of(CONSTRUCTED, main=MAIN)
        self.assertIn("counted.o: counted comes along", self.create(*given))
        self.heal((1100, 1100))

    def test_a_unit_of_which_only_an_element_of_a_set_is_there(self):
        given = self.trees_of(COLLECTED, main=WALKS)
        self.assertIn("counted.o: counted comes along", self.create(*given))
        self.heal((1100, 1100))

    def test_a_unit_whose_locals_were_removed_before_linking(self):
        self.build("bare", counted=POINTED)
        run("strip", "--strip-unneeded", self.work / "bare/counted.o")
        given = self.trees_of(POINTED, linked=self.work / "bare/counted.o")
        self.assertIn("calls cannot be located in the target", self.create(*given, expect=11))

    def test_a_unit_whose_locals_are_there(self):
        self.assertIn("counted comes along", self.create(*self.trees_of(POINTED)))
        self.heal((1027, 1027))

    def test_another_unit_of_the_same_names_and_one_more(self):
        noting = PLAIN.replace("int live,", "int live, last,").replace("used(int n) {", "used(int n) { last = n;")
        other = noting.replace("last", "seen").replace("int counted(int n) { return bump(0) + n + ++calls; }",
                                                       "int told(void) { return seen; }")
        given = self.trees_of(noting.replace("++calls", "last + ++calls"), linked=self.other(other))
        self.assertIn("another unit of that name: it has seen, which", self.create(*given, expect=11))

    def test_another_unit_that_only_the_debug_information_tells(self):
        other = PLAIN.replace("counted", "told").replace("calls", "tolds")
        given = self.trees_of(PLAIN, linked=self.other(other, "-g"))
        said = self.create(*given, expect=11)
        self.assertRegex(said, "another unit of that name: its debug information knows no (calls|counted)")

    def test_the_same_unit_is_known_by_its_debug_information(self):
        for flags in (["-g"], ["-g1"], ["-g", "-gz"], ["-g", "-gsplit-dwarf"], []):
            with self.subTest(flags=flags):
                given = self.trees_of(PLAIN, linked=self.other(PLAIN, *flags))
                self.assertIn("counted comes along", self.create(*given))
                self.heal((1028, 1029))
            self.doCleanups()
            self.setUp()


if __name__ == "__main__":
    unittest.main()
