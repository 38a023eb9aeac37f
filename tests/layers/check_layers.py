#!/usr/bin/env python3
"""Checks the rooms of src/ against src/layers.txt: includes, cycles of components, length of files.

    check_layers.py SRC              exit status 1 and one line per violation
    check_layers.py --self-test      violations planted in a small tree must all be found
"""
import pathlib
import re
import sys
import tempfile

LONGEST_FILE = 400
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def read_rules(src):
    rules = {}
    for line in (src / "layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            room, _, allowed = line.partition(":")
            rules[room.strip()] = allowed.split()
    return rules


def room_of(path, rules):
    """The innermost room whose folder holds `path` (relative to src)."""
    rooms = [str(parent) for parent in path.parents if str(parent) in rules]
    return rooms[0] if rooms else None


def allows(allowed, room):
    """A room named in a rule stands for the rooms below it as well."""
    return any(room == name or room.startswith(name + "/") for name in allowed)


def component(path):
    """X.hpp and X.cpp are one; X_test.cpp is one of its own."""
    return str(path.with_suffix(""))


def find_cycles(edges):
    """Strongly connected components of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for following in sorted(edges.get(node, ())):
            if following not in index:
                visit(following)
                low[node] = min(low[node], low[following])
            elif following in stack:
                low[node] = min(low[node], index[following])
        if low[node] == index[node]:
            position = stack.index(node)
            members = stack[position:]
            del stack[position:]
            if len(members) > 1:
                found.append(sorted(members))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def violations(src):
    rules = read_rules(src)
    edges, found = {}, []
    for file in sorted([*src.rglob("*.hpp"), *src.rglob("*.cpp")]):
        path = file.relative_to(src)
        text = file.read_text()
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            found.append(f"{path}: {lines} lines, more than {LONGEST_FILE}")
        room = room_of(path, rules)
        if room is None:
            found.append(f"{path}: not in a room of layers.txt")
            continue
        for name in INCLUDE.findall(text):
            included = pathlib.PurePosixPath(name)
            if not (src / included).is_file():
                found.append(f'{path}: "{name}" is not a file below src/')
                continue
            other = room_of(included, rules)
            if other is None or (other != room and not allows(rules[room], other)):
                found.append(f'{path}: room {room} may not include "{name}" (room {other})')
            if component(path) != component(included):
                edges.setdefault(component(path), set()).add(component(included))
    found += ["cycle of components: " + ", ".join(members) for members in find_cycles(edges)]
    return found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        src = pathlib.Path(folder)
        (src / "layers.txt").write_text("low:\nhigh: low\n")
        files = {
            "low/good.hpp": "",
            "low/upwards.cpp": '#include "high/good.hpp"\n',
            "low/one.hpp": '#include "low/two.hpp"\n',
            "low/two.cpp": '#include "low/one.hpp"\n',
            "low/two.hpp": "",
            "high/good.hpp": '#include "low/good.hpp"\n',
            "high/long.cpp": "\n" * (LONGEST_FILE + 1),
            "high/absent.cpp": '#include "low/absent.hpp"\n',
            "nowhere/file.cpp": "",
        }
        for name, text in files.items():
            (src / name).parent.mkdir(exist_ok=True)
            (src / name).write_text(text)
        found = violations(src)
        wanted = ["low/upwards.cpp: room low may not", "cycle of components: low/one, low/two", "high/long.cpp: 401",
                  "high/absent.cpp: ", "nowhere/file.cpp: not in a room"]
        missed = [w for w in wanted if not any(f.startswith(w) for f in found)]
        surplus = [f for f in found if not any(f.startswith(w) for w in wanted)]
        for text in missed:
            print(f"self-test: not found: {text}", file=sys.stderr)
        for text in surplus:
            print(f"self-test: found without reason: {text}", file=sys.stderr)
        return 1 if missed or surplus else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = violations(pathlib.Path(sys.argv[1]))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
