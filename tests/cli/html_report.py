#!/usr/bin/env python3
"""The report as a web page, looked at in a real headless browser.

    html_report.py STENT [SCREENSHOT.png [SCREENSHOT_OF_A_PATCH.png]]

Makes a change of three functions and a type, writes the page, loads it in Chromium, and asks the page's own document. Then
makes a patch, and looks in the same way at the page that is written from nothing but the patch.
Exit status 77: there is no browser (said loudly).
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HEADER = """
struct session { int id; long bytes; };
extern int log_line(const char *text);
extern struct session *find(int id);
extern int system(const char *command);
"""
BEFORE = HEADER + """
static int limit(int n) { return n > 100 ? 100 : n; }
__attribute__((noinline)) static int gone(int n) { return log_line("gone") + n * 7; }
int transfer(int id, int n) {
  struct session *s = find(id);
  s->bytes += limit(n);
  log_line("transfer <b>&");
  log_line("one");
  log_line("two");
  log_line("three");
  log_line("four");
  log_line("five");
  log_line("six");
  log_line("seven");
  log_line("eight");
  return gone(n);
}
int untouched(int a) { return a * 3; }
"""
AFTER = HEADER.replace("long bytes;", "long bytes; long errors;") + """
static int limit(int n) { return n > 100 ? 100 : n; }
__attribute__((noinline)) static int checked(int n) { return n < 0 ? log_line("negative") : n * 7; }
int transfer(int id, int n) {
  struct session *s = find(id);
  if (!s)
    return -1;
  s->errors = n < 0;
  s->bytes += limit(n);
  log_line("transfer <b>&");
  log_line("one");
  log_line("two");
  log_line("three");
  log_line("four");
  log_line("five");
  log_line("six");
  log_line("seven");
  log_line("eight");
  return checked(n);
}
int untouched(int a) { return a * 3; }
"""

# What a patch is made of: the same without the new member, and with something that a person must have accepted.
HEALED = AFTER.replace(" long errors;", "").replace("  s->errors = n < 0;\n", '  if (n == 4711)\n    return system("true");\n')
MAIN = """
#include <stddef.h>
struct session;
int log_line(const char *text) { return text == NULL; }
struct session *find(int id) { (void)id; return NULL; }
extern int transfer(int, int);
int main(int count, char **words) { (void)words; return count > 1 ? transfer(count, count) : 0; }
"""

# Runs inside the page: clicks, measures, and leaves what it saw in the document.
PROBE = """<script>
const seen = {};
const shown = (element) => element.getClientRects().length > 0;
seen.title = document.title;
seen.badge = document.querySelector('header .badge').textContent;
seen.findings = document.querySelectorAll('#findings .finding').length;
seen.nodes = [...document.querySelectorAll('#map .node title')].map((n) => n.textContent);
seen.edges = document.querySelectorAll('#map .edge').length;
seen.functions = document.querySelectorAll('details.function').length;
seen.marks = document.querySelectorAll('table.side mark').length;
seen.head = document.querySelector('header').textContent;
seen.found = document.querySelector('#findings').textContent;
seen.code = [...document.querySelectorAll('table.side[data-what=assembly]')].map((table) =>
  ['old', 'new'].map((side) => [...table.querySelectorAll('td.t.' + side + ':not(.none)')].map((cell) => cell.textContent).join('\\n')));
seen.literal = document.body.textContent.includes('transfer <b>&');
seen.foreign = document.querySelectorAll('#functions b, link, img, script[src]').length;
seen.fits = document.documentElement.scrollWidth <= window.innerWidth;
seen.columns = [...document.querySelectorAll('table.side[data-what=assembly] tr.changed')].every((row) =>
  row.cells.length === 4 && Math.abs(row.cells[1].clientWidth - row.cells[3].clientWidth) < 4);
const fold = document.querySelector('.fold button');
if (fold) {
  const rows = fold.closest('tbody').nextElementSibling;
  seen.folded = !shown(rows);
  fold.click();
  seen.unfolded = shown(rows) && !document.contains(fold);
}
const last = document.querySelector('details.function:last-of-type');
last.open = false;
location.hash = last.id;
setTimeout(() => {
  seen.opened = last.open;
  document.documentElement.dataset.seen = JSON.stringify(seen);
}, 100);
</script></body>"""


def build(work, name, text):
    folder = work / name
    folder.mkdir()
    (folder / "unit.c").write_text(text)
    subprocess.run(["gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-c", folder / "unit.c", "-o",
                    folder / "unit.o"], check=True)
    return folder / "unit.o"


def browse(browser, work, page, *options):
    return subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                           "--disable-background-networking", "--disable-component-update", "--disable-sync",
                           "--window-size=1400,1800", f"--user-data-dir={work / 'profile'}", *options, page.as_uri()],
                          capture_output=True, text=True, timeout=180)


def look(browser, work, page):
    probed = work / "probed.html"
    probed.write_text(page.read_text().replace("</body>", PROBE))
    done = browse(browser, work, probed, "--virtual-time-budget=5000", "--dump-dom")
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    if not found:
        raise SystemExit(f"the page's script did not run:\n{done.stderr[-2000:]}")
    return json.loads(found.group(1).replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))


def make_patch(stent, work, before, after):
    """A patch that stores an acknowledged finding."""
    (work / "main.c").write_text(MAIN)
    program, patch = work / "program", work / "healed.stent"
    subprocess.run(["gcc", "-O2", "-g", before, work / "main.c", "-o", program], check=True)
    done = subprocess.run([stent, "create", "--target", program, "--description", "heals <sessions>", "--ack",
                           "*=known to its <author>", "-o", patch, before, after], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    build_id = subprocess.run(["readelf", "-n", program], capture_output=True, text=True).stdout
    return patch, re.search(r"Build ID: (\w+)", build_id).group(1)


def checks_of_change(seen):
    return {
        "the change is named": "unit" in seen["title"],
        "the verdict is the highest level": seen["badge"] in ("review", "refused"),
        "the grown type is found and drawn": seen["findings"] > 0 and "struct session" in seen["nodes"],
        "the functions are drawn": {"transfer", "checked", "gone"} <= set(seen["nodes"]) and
                                   "untouched" not in seen["nodes"],
        "the map has edges": seen["edges"] >= 2,
        "every function has its part": seen["functions"] == 3,
        "differences are marked": seen["marks"] > 0,
        "source is text, not markup": seen["literal"] and seen["foreign"] == 0,
        "equal lines are folded until asked for": seen.get("folded") is True and seen.get("unfolded") is True,
    }


def checks_of_patch(seen, build_id):
    old, new = seen["code"][0]
    return {
        "the patch is named": "healed" in seen["title"] and "heals <sessions>" in seen["head"],
        "the build that it is for is named": build_id in seen["head"],
        "what was found and accepted is told": "known to its <author>" in seen["found"] and seen["findings"] > 0,
        "the functions are drawn": {"transfer", "checked"} <= set(seen["nodes"]) and "untouched" not in seen["nodes"],
        "the map has edges": seen["edges"] >= 1,
        "the code to be replaced stands beside the new": "find" in old and "log_line" in old and "find" in new and
                                                         "test" in new and old != new,
        "a new function has one side": any(not old and new for old, new in seen["code"]),
        "the source is shown where it is at hand": seen["literal"] and seen["foreign"] == 0,
    }


def main():
    browser = shutil.which("chromium")
    if browser is None:
        print("NO BROWSER: install chromium (./dev setup does)", file=sys.stderr)
        return 77
    stent = sys.argv[1]
    checks = {}
    with tempfile.TemporaryDirectory(prefix="stent-html-") as folder:
        work = pathlib.Path(folder)
        before, after, healed = (build(work, name, text) for name, text in
                                 (("before", BEFORE), ("after", AFTER), ("healed", HEALED)))
        patch, build_id = make_patch(stent, work, before, healed)
        for number, (what, files, test) in enumerate((("change", [before, after], checks_of_change),
                                                      ("patch", [patch], lambda seen: checks_of_patch(seen, build_id)))):
            page = work / f"{what}.html"
            done = subprocess.run([stent, "review", *files, "--html", page], capture_output=True, text=True)
            print(done.stdout + done.stderr)
            seen = look(browser, work, page)
            print(json.dumps(seen, indent=1))
            if len(sys.argv) > number + 2:
                browse(browser, work, page, f"--screenshot={sys.argv[number + 2]}")
            both = {"nothing is wider than the page": seen["fits"], "the columns are equally wide": seen["columns"],
                    "a function opens from the map": seen["opened"]}
            checks |= {f"{what}: {text}": good for text, good in (test(seen) | both).items()}
    for what, good in checks.items():
        print(("ok   " if good else "FAIL ") + what)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
