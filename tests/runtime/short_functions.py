"""Functions too short for a jump: islands in padding near by, shared by nobody, given back byte for byte."""

import itertools
import re
import sys

from harness import Process, Work, main, require, run

MAIN = r"""
#include <stdio.h>
long one(void), two(void), three(void), others(long);
int main(void) {
  char line[64];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    printf("%ld %ld %ld %ld\n", one(), two(), three(), others(2));
    fflush(stdout);
  }
  return 0;
}
"""
# Three functions of three bytes back to back, and padding for as many jumps as `alignment` leaves: gcc fills it with nops.
UNIT = """
#define KEPT __attribute__((noipa))
KEPT __attribute__((aligned({first}))) long before(long n) {{ return n * 7; }}
KEPT long one(void) {{ return {one}; }}
KEPT long two(void) {{ return {two}; }}
KEPT long three(void) {{ return {three}; }}
KEPT long behind(long n) {{ return {behind}; }}
KEPT __attribute__((aligned({alignment}))) long after(long n) {{ return n * 5; }}
long others(long n) {{ return before(n) + behind(n) + after(n); }}
"""
BEFORE = {"one": 0, "two": 0, "three": 0, "behind": 0}
OTHERS = 2 * 7 + 2 * 5


class Target:
    def __init__(self, stent, folder, alignment):
        self.alignment = alignment
        self.work = Work(stent, folder, "gcc", ".c", ["-O2", "-falign-functions=1", "-fno-toplevel-reorder"])
        self.work.program(MAIN, self.unit())
        self.process = Process(self.work.folder / "program")
        self.code = self.text()

    def unit(self, **changed):
        return UNIT.format(alignment=self.alignment, first=min(self.alignment**6, 64), **{**BEFORE, **changed})

    def patch(self, name, *options, **changed):
        return self.work.patch(self.unit(), self.unit(**changed), name, None, *options)

    def text(self):
        pieces = []
        with open(f"/proc/{self.process.pid}/maps") as maps, open(f"/proc/{self.process.pid}/mem", "rb") as memory:
            for line in maps:
                if " r-xp " in line and "program" in line:
                    begin, end = (int(a, 16) for a in line.split()[0].split("-"))
                    memory.seek(begin)
                    pieces.append(memory.read(end - begin))
        require(len(pieces) == 1, "the program has one executable mapping")
        return pieces[0]

    def expect(self, one, two, three, behind=0):
        self.process.expect("all", f"{one} {two} {three} {OTHERS + behind}")

    def apply(self, patch, *options, expect=0):
        return self.work.do("apply", patch, self.process.pid, *options, expect=expect)

    def revert(self, patch):
        self.work.do("revert", patch, self.process.pid)

    def require_untouched(self):
        require(self.text() == self.code, "the code is not what it was")


def together(stent, folder):
    """Several in one patch, and each consistency."""
    target = Target(stent, folder, 64)
    for number, options in enumerate(((), ("--consistency", "entry"))):
        patch = target.patch(f"fix{number}", *options, one=11, two=12, three=13)
        target.expect(0, 0, 0)
        target.apply(patch)
        target.expect(11, 12, 13)
        target.revert(patch)
        target.expect(0, 0, 0)
        target.require_untouched()
    target.process.close()


def stacked(stent, folder):
    """Three patches of one function and one of another, out again in every order: the newest that is left runs."""
    target = Target(stent, folder, 64)
    patches = {value: target.patch(f"fix{value}", one=value) for value in (21, 22, 23)}
    beside = target.patch("beside", two=31)
    for order in itertools.permutations(patches):
        for patch in patches.values():
            target.apply(patch)
        target.apply(beside)
        target.expect(23, 31, 0)
        left = list(patches)
        for value in order:
            target.revert(patches[value])
            left.remove(value)
            target.expect(left[-1] if left else 0, 31, 0)
        target.revert(beside)
        target.expect(0, 0, 0)
        target.require_untouched()
    target.process.close()


def replaced(stent, folder):
    """An upgrade gives back the island of what it replaces."""
    target = Target(stent, folder, 64)
    patches = [target.patch(f"fix{value}", one=value) for value in (41, 42)]
    target.apply(patches[0])
    for new, old, value in ((1, 0, 42), (0, 1, 41), (1, 0, 42)):
        target.apply(patches[new], "--replace", patches[old])
        target.expect(value, 0, 0)
    target.revert(patches[1])
    target.expect(0, 0, 0)
    target.require_untouched()
    target.process.close()


def handed_on(stent, folder):
    """With no room for another jump an upgrade goes on with the place of what it replaces, whatever lies below or above."""
    target = Target(stent, folder, 32)
    held = []
    while target.apply(more := target.patch(f"more{len(held)}", two=60 + len(held)), expect=None).returncode == 0:
        held.append(more)  # all places are taken
    require(len(held) >= 1, "no room at all")
    target.revert(held.pop())
    two = 59 + len(held) if held else 0
    for options in ((), ("--consistency", "entry")):
        patches = [target.patch(f"fix{value}{len(options)}", *options, one=value) for value in (41, 42, 43)]
        target.apply(patches[0])
        for new, old, value in ((1, 0, 42), (2, 1, 43), (0, 2, 41)):
            target.apply(patches[new], "--replace", patches[old])
            target.expect(value, two, 0)
        said = target.apply(patches[1], expect=11)  # on top of it there is no room
        require("one has 3 bytes, a jump needs 5" in said.stderr, said.stderr)
        target.revert(patches[0])
        target.expect(0, two, 0)
    for patch in held:
        target.revert(patch)
    target.expect(0, 0, 0)
    target.require_untouched()
    target.process.close()


def exhausted(stent, folder):
    """Room for one jump: a second patch is told which function finds none, until the first is out."""
    target = Target(stent, folder, 32)
    first, second = target.patch("first", one=51), target.patch("second", two=52)
    places = 0
    held = []
    while True:  # as many as there is room for, each by a patch of its own
        more = target.patch(f"more{places}", one=60 + places)
        said = target.apply(more, expect=None)
        if said.returncode:
            break
        held.append(more)
        places += 1
    require(said.returncode == 11 and re.search("one has 3 bytes, a jump needs 5, and no padding", said.stderr),
            said.stderr)
    require(1 <= places <= 8, f"{places} places")
    said = target.apply(second, expect=11)
    require("two has 3 bytes" in said.stderr, said.stderr)
    target.expect(60 + places - 1, 0, 0)
    target.revert(held.pop(0))
    target.apply(second)
    target.expect(60 + places - 1 if held else 0, 52, 0)
    target.revert(second)
    for patch in held:
        target.revert(patch)
    target.apply(first)
    target.expect(51, 0, 0)
    target.revert(first)
    target.require_untouched()
    target.process.close()


def neighbour(stent, folder):
    """A short function takes the padding behind it; where that holds another's jump already, it has to wait."""
    target = Target(stent, folder, 64)
    island, behind = target.patch("island", one=71), target.patch("behind", behind=72)
    target.apply(island)
    said = target.apply(behind, expect=11)
    require("the padding behind behind holds the jump of another short function" in said.stderr, said.stderr)
    target.revert(island)
    for patch in (behind, island):
        target.apply(patch)
    target.expect(71, 0, 0, 72)
    target.revert(behind)
    target.revert(island)
    target.require_untouched()
    target.process.close()


def nowhere(stent, folder):
    """Without padding near it a short function is refused when the patch is made."""
    target = Target(stent, folder, 1)
    objects = [target.work.compile(target.unit(**changed), name, "-ffunction-sections", "-fdata-sections")
               for name, changed in (("old.o", {}), ("new.o", {"one": 61}))]
    said = run(stent, "create", "--target", target.work.folder / "program", "-o", target.work.folder / "no.stent",
               "--ack", "*=the test asks the target", *objects, expect=11)
    require("one has 3 bytes, and a jump needs 5; no padding near it can hold one" in said.stderr, said.stderr)
    target.process.close()


CASES = {"together": together, "stacked": stacked, "replaced": replaced, "handed_on": handed_on, "exhausted": exhausted,
         "neighbour": neighbour, "nowhere": nowhere}

if __name__ == "__main__":
    sys.exit(main(CASES))
