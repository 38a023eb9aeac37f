"""A random C program of several units, and a random change of it that keeps its data as it is."""
import copy
import random

PRELUDE = """#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>
#include <math.h>
typedef unsigned long u;
struct rec {{ u a; short b; char name[12]; double d; }};
extern u calls_of_all;
{declarations}
"""
WORDS = ["alpha", "beta %s", "gamma\\n", "", "delta:%lu", "a longer text of the program, shared by nobody", "x", "0123"]


class Function:
    """`text` is {"before": statements, "after": statements}; `file_scope` are constants that statements use."""

    def __init__(self, name, unit, is_static, attribute):
        self.name, self.unit, self.is_static, self.attribute = name, unit, is_static, attribute
        self.statements, self.file_scope = [], []

    def prototype(self):
        return f"{'static ' if self.is_static else ''}{self.attribute} u {self.name}(u a, u b)"

    def source(self):
        body = "\n".join("  " + line for line in self.statements)
        constants = "".join(line + "\n" for line in self.file_scope)
        return f"{constants}{self.prototype()} {{\n  u v = a ^ {len(self.name)}u, w = b + 1;\n{body}\n  return v + w;\n}}\n"


class Program:
    def __init__(self, seed, units=3, functions=24):
        self.random = random.Random(seed)
        self.units, self.names = units, 0
        self.functions = []
        for number in range(functions):
            self.add_function(number)
        self.changed = []

    def add_function(self, number, unit=None, before=None):
        r = self.random
        is_static = unit is not None or (number > 2 and r.random() < 0.4)
        function = Function(f"f{number}", r.randrange(self.units) if unit is None else unit, is_static,
                            r.choice(["", "", "__attribute__((noinline))", "inline" if is_static else ""]))
        callable_ = self.callable_from(function, before)
        for _ in range(r.randint(1, 6)):
            self.statement(function, callable_)
        self.functions.insert(len(self.functions) if before is None else before, function)
        return function

    def callable_from(self, function, before=None):
        earlier = self.functions[:before] if before is not None else self.functions
        return [f for f in earlier if not f.is_static or f.unit == function.unit]

    def name(self, stem):
        self.names += 1
        return f"{stem}{self.names}"

    def constant(self):
        r = self.random
        return r.choice([str(r.randrange(64)), str(r.randrange(1 << 30)), hex(r.getrandbits(63)), "255", "4096"]) + "ul"

    def expression(self, depth=0):
        r = self.random
        if depth > 2 or r.random() < 0.3:
            return r.choice(["v", "w", "a", "b", self.constant()])
        left, right = self.expression(depth + 1), self.expression(depth + 1)
        return r.choice([f"({left} + {right})", f"({left} ^ {right})", f"({left} * ({right} | 1))", f"({left} - {right})",
                         f"({left} / ({right} | 1))", f"({left} >> ({right} & 31))", f"({left} > {right} ? {left} : {right})",
                         f"(u)__builtin_popcountl({left})", f"(u)(int)({left})"])

    def statement_kinds(self, callable_):
        kinds = [self.assign, self.branch, self.loop, self.switch, self.table, self.text, self.floating, self.record,
                 self.static_local, self.library, self.line, self.vector]
        if callable_:
            kinds += [self.call, self.call, self.pointers]
        return kinds

    def statement(self, function, callable_, at=None):
        lines = self.random.choice(self.statement_kinds(callable_))(function, callable_)
        at = len(function.statements) if at is None else at
        function.statements.insert(at, lines)

    def assign(self, *_):
        return f"{self.random.choice('vw')} = {self.expression()};"

    def branch(self, *_):
        return f"if ({self.expression()} % {self.random.randint(2, 9)} == 0) v += {self.expression()}; else w ^= {self.constant()};"

    def loop(self, *_):
        i = self.name("i")
        return f"for (u {i} = 0; {i} < (a & 7) + {self.random.randint(1, 9)}; {i}++) v = v * 31 + (w ^ {i}) + {self.constant()};"

    def switch(self, *_):
        cases = " ".join(f"case {n}: v += {self.expression()}; break;" for n in range(self.random.randint(5, 9)))
        return f"switch (v % 11) {{ {cases} default: w += 3; }}"

    def table(self, function, _):
        name, size = self.name("table"), self.random.choice([4, 8, 16])
        values = ", ".join(self.constant() for _ in range(size))
        function.file_scope.append(f"static const u {name}[{size}] = {{{values}}};")
        return f"v += {name}[w & {size - 1}];"

    def text(self, function, _):
        r, name = self.random, self.name("words")
        words = ", ".join(f'"{r.choice(WORDS)}{r.randrange(5)}"' for _ in range(4))
        if r.random() < 0.5:
            function.file_scope.append(f"static const char *const {name}[4] = {{{words}}};")
            return f"v += strlen({name}[w & 3]) + (u){name}[v & 3][0];"
        return f'{{ char s[64]; snprintf(s, sizeof s, "{r.choice(WORDS[:1])}%lu:%s", v, "{r.choice(WORDS)}"); w += (u)s[v % 8] + strlen(s); }}'

    def floating(self, *_):
        r = self.random
        return (f"{{ double d = (double)(v & 0xffff) * {r.random() * 100:.6f}; d = d > {r.randrange(9000)}.5 ? d / 3.25 : d + "
                f"{r.random():.4f}; w += (u)d; }}")

    def record(self, *_):
        return (f'{{ struct rec q = {{v, (short)w, "{self.random.choice(("one", "seven", ""))}", 1.5}}; struct rec p; memcpy(&p, &q, sizeof p); '
                f"p.b = (short)(p.b + {self.random.randrange(99)}); v ^= p.a + (u)p.b + (u)p.name[w % 6]; }}")

    def static_local(self, *_):
        name = self.name("times")
        return f"{{ static u {name}; {name}++; calls_of_all += ({name} != 0); }}"

    def library(self, *_):
        return self.random.choice([
            'v += strtoul("0x1f2", NULL, 16) + (u)toupper((int)(w % 26 + 97));',
            "w += (u)labs((long)(v >> 3));",
            'v += (u)(strchr("abcdefgh", (int)(97 + w % 8)) != NULL);',
            "w += (u)floor((double)(v & 1023) / 7.0);",
            '{ char m[32]; memset(m, (int)(v & 127), sizeof m); w += (u)(unsigned char)m[a & 31] + (u)(memcmp(m, "zz", 2) != 0); }',
            "v += (u)atoi(\"77\") + (u)isdigit((int)(w & 127));"])

    def line(self, *_):
        return 'if (v == 12345678901234567ul) { fprintf(stderr, "%s:%d: impossible\\n", __FILE__, __LINE__); abort(); }'

    def vector(self, *_):
        i = self.name("i")
        return (f"{{ unsigned x[32]; for (u {i} = 0; {i} < 32; {i}++) x[{i}] = (unsigned)(v + {i} * {self.random.randrange(99)}); "
                f"for (u {i} = 0; {i} < 32; {i}++) w += x[{i}] >> 3; }}")

    def call(self, _, callable_):
        return f"v += {self.random.choice(callable_).name}({self.expression()}, w);"

    def pointers(self, function, callable_):
        name = self.name("ops")
        chosen = [self.random.choice(callable_).name for _ in range(2)]
        function.file_scope.append(f"static u (*const {name}[2])(u, u) = {{{', '.join(chosen)}}};")
        return f"w += {name}[v & 1](v, b);"

    def sources(self):
        """unit name -> text."""
        result = {}
        for unit in range(self.units):
            own = [f for f in self.functions if f.unit == unit]
            others = [f for f in self.functions if f.unit != unit and not f.is_static]
            declarations = "\n".join(f.prototype() + ";" for f in [*others, *(f for f in own if not f.is_static)])
            result[f"unit{unit}"] = PRELUDE.format(declarations=declarations) + "\n".join(f.source() for f in own)
        entries = [f for f in self.functions if not f.is_static]
        result["entries"] = ("typedef unsigned long u;\n" + "".join(f"u {f.name}(u, u);\n" for f in entries) +
                             "u (*const entries[])(u, u) = {" + ", ".join(f.name for f in entries) + "};\n" +
                             f"const int entry_count = {len(entries)};\n")
        return result

    def change(self, seed):
        """A copy in which a few functions differ; `changed` names them."""
        after = copy.deepcopy(self)
        after.random = r = random.Random(seed)
        after.names = 10000
        after.changed = []
        for number in range(r.randint(1, 4)):
            at = r.randrange(len(after.functions))
            function = after.functions[at]
            kind = r.choice(["insert", "insert", "replace", "delete", "helper"])
            if kind == "helper":
                helper = after.add_function(900 + number, unit=function.unit, before=at)
                function.statements.insert(r.randint(0, len(function.statements)), f"v += {helper.name}(w, v);")
            where = r.randrange(len(function.statements)) if function.statements else 0
            gone = function.statements[where] if function.statements else ""
            if kind in ("replace", "delete") and gone and "static u" not in gone:
                del function.statements[where]
            if kind in ("insert", "replace"):
                index = after.functions.index(function)
                after.statement(function, after.callable_from(function, index), where)
            after.changed.append(function.name)
        return after
