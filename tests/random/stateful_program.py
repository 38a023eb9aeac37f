"""Random programs whose answers depend on what their static data has kept, and the oracle of a change of one: a program that
holds both versions of every function over one set of data, and switches between them when told."""
import re

from program import PRELUDE, Program

TYPES = ("u", "unsigned char", "unsigned short", "unsigned")
STATIC = re.compile(r"STATIC\(([^,]*), (\w+), (\w+)\)")


class StatefulProgram(Program):
    """Every unit has scalars, an array and two structures, one of which is never used as a whole, so that a compiler may split it. New
    code may use fields that nothing read before. Functions have variables of their own. What is stored is computed from what was
    there, so that no compiler leaves a store out."""

    def __init__(self, seed):
        super().__init__(seed, units=2, functions=12)

    def statement_kinds(self, callable_):
        return super().statement_kinds(callable_) + [self.scalar, self.scalar, self.field, self.field, self.field, self.field, self.whole,
                                                     self.element, self.own]

    def static_local(self, *_):  # the base's would count unseen
        return self.own()

    def scalar(self, function, _):
        r = self.random
        name = f"scalar{function.unit}_{r.randrange(len(TYPES))}"
        return r.choice([f"v ^= (u){name}; {name} = {name} * 5 + (w & 15);", f"w += (u){name}; {name} += (v & 3) + 1;",
                         f"if ({name} & 1) v += {self.constant()}; {name} += 3;"])

    def field(self, function, _):
        r = self.random
        is_change = self.names >= 10000
        name = f"{r.choice(('state', 'parts'))}{function.unit}.f{r.choice((0, 1, 2, 3) if is_change else (1, 3))}"
        return r.choice([f"v += (u){name}; {name} += (w & 7) | 1;", f"w ^= (u){name}; {name} = {name} * 3 + {r.randrange(9)};"])

    def whole(self, function, _):
        name = f"state{function.unit}"
        return f"{{ struct state copy = {name}; copy.f1 ^= (v & 255); v += (u)copy.f1 + (u)copy.f3; {name} = copy; }}"

    def element(self, function, _):
        name = f"array{function.unit}"
        return f"v += {name}[a & 7]; {name}[(a + {self.random.randrange(8)}) & 7] += w | 1;"

    def own(self, *_):
        name = self.name("kept")
        return f"{{ STATIC({self.random.choice(TYPES)}, {name}, {self.random.randrange(9)}) {name} += (v & 7) + 1; w ^= (u){name}; }}"

    def unit_data(self, unit):
        scalars = "".join(f"static {kind} scalar{unit}_{i} = {i * (unit + 3) % 4};\n" for i, kind in enumerate(TYPES))
        return ("typedef unsigned long u;\n#define STATIC(kind, name, value) static kind name = value;\n"
                "struct state { u f0; unsigned f1; unsigned short f2; u f3; };\n" + scalars +
                f"static struct state state{unit}, parts{unit};\nstatic u array{unit}[8] = {{{', '.join(str(unit * i) for i in range(8))}}};\n")

    def sources(self):
        return {unit: text if unit == "entries" else self.unit_data(int(unit[4:])) + text for unit, text in super().sources().items()}


def both_versions(function, other):
    """`function` of the old program (None when it is new) and of the new one, and the one by its name that chooses."""
    texts, names = [], {}
    for side, version in (("old", function), ("new", other)):
        if version is None:
            continue
        names[side] = f"{version.name}_{side}"
        text = STATIC.sub("", version.source().removeprefix("".join(line + "\n" for line in version.file_scope)))
        texts.append(text.replace(version.prototype(), f"static u {names[side]}(u a, u b)", 1))
    chosen = f"generation ? {names['new']}(a, b) : {names.get('old', names['new'])}(a, b)"
    return "".join(texts) + f"{other.prototype()} {{ return {chosen}; }}\n"


def oracle(before, after):
    """unit name -> text of the program that answers as a healed one must."""
    olds = {f.name: f for f in before.functions}
    result = {"entries": after.sources()["entries"]}
    for unit in range(after.units):
        own = [f for f in after.functions if f.unit == unit]
        everyone = [*after.functions, *(f for f in before.functions if f.unit == unit)]
        declarations = "\n".join(dict.fromkeys(f.prototype() + ";" for f in everyone if f.unit == unit or not f.is_static))
        versions = [v for f in own for v in (olds.get(f.name), f) if v]
        kept = "".join(f"static {kind} {name} = {value};\n" for kind, name, value in
                       dict.fromkeys(found for v in versions for s in v.statements for found in STATIC.findall(s)))
        constants = "".join(line + "\n" for line in dict.fromkeys(line for v in versions for line in v.file_scope))
        result[f"unit{unit}"] = (after.unit_data(unit) + PRELUDE.format(declarations=declarations) + "extern int generation;\n" + kept +
                                 constants + "".join(both_versions(olds.get(f.name), f) for f in own))
    return result
