#include "create/report/html_parts.hpp"

namespace stent::report {

const char* const html_style = R"css(
:root { color-scheme: light dark; --ink: #1d2433; --paper: #fbfbf9; --card: #ffffff; --line: #dcdfe6; --quiet: #667085;
  --safe: #2e7d4f; --note: #3566b8; --review: #a66300; --refused: #b3261e;
  --old: #fdecea; --new: #e7f5ec; --old-mark: #f6c1bb; --new-mark: #b5e2c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ee; --paper: #14171d; --card: #1c2028; --line: #323846; --quiet: #98a2b3;
    --safe: #6cc492; --note: #8ab0f0; --review: #e0a850; --refused: #f08a80;
    --old: #3a2224; --new: #1c3327; --old-mark: #7a3a38; --new-mark: #2f6d48; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1500px; padding: 28px 24px 80px; font: 15px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 26px; margin: 0 0 6px; } h2 { font-size: 19px; margin: 38px 0 12px; } h3 { font-size: 15px; margin: 18px 0 6px; }
.quiet { color: var(--quiet); }
.badge { display: inline-block; padding: 1px 10px; border-radius: 999px; font-weight: 600; font-size: 13px;
  color: var(--card); background: var(--quiet); }
.badge.safe { background: var(--safe); } .badge.note { background: var(--note); }
.badge.review { background: var(--review); } .badge.refused { background: var(--refused); }
.numbers { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0 0; padding: 0; list-style: none; }
.numbers li { background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 8px 16px; }
.numbers b { display: block; font-size: 20px; }
.finding { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--quiet); border-radius: 7px;
  padding: 10px 16px; margin: 10px 0; }
.finding.safe { border-left-color: var(--safe); } .finding.note { border-left-color: var(--note); }
.finding.review { border-left-color: var(--review); } .finding.refused { border-left-color: var(--refused); }
.finding p { margin: 4px 0; } code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 6px 0; } dt { color: var(--quiet); } dd { margin: 0; }
.map { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 8px; }
svg text { font: 600 13px ui-monospace, monospace; fill: var(--ink); } svg .detail { font: 11px system-ui; fill: var(--quiet); }
svg rect { fill: var(--paper); stroke: var(--line); stroke-width: 1.5; } svg .type rect { stroke-dasharray: 5 3; }
svg .safe rect { stroke: var(--safe); } svg .note rect { stroke: var(--note); }
svg .review rect { stroke: var(--review); stroke-width: 2.5; } svg .refused rect { stroke: var(--refused); stroke-width: 3; }
svg .edge { fill: none; stroke: var(--quiet); stroke-width: 1.3; } svg .concerns { stroke-dasharray: 4 3; } svg marker path { fill: var(--quiet); }
details.function { background: var(--card); border: 1px solid var(--line); border-radius: 9px; margin: 12px 0; padding: 0 16px 8px; }
details.function > summary { cursor: pointer; padding: 10px 0; font-weight: 600; overflow-wrap: anywhere; }
table.side { width: 100%; table-layout: fixed; border-collapse: collapse; font: 12.5px/1.45 ui-monospace, monospace;
  border: 1px solid var(--line); }
table.side col.n { width: 62px; } table.side td { vertical-align: top; padding: 0 7px; }
td.n { color: var(--quiet); text-align: right; user-select: none; } td.t { white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
tr.changed .old, tr.removed .old { background: var(--old); } tr.changed .new, tr.added .new { background: var(--new); }
mark { color: inherit; background: var(--old-mark); border-radius: 2px; } .new mark { background: var(--new-mark); }
tbody.hidden { display: none; } .fold button { width: 100%; border: 0; background: none; color: var(--quiet); font: inherit;
  padding: 2px; cursor: pointer; border-block: 1px dashed var(--line); }
)css";

const char* const html_script = R"js(
document.addEventListener('click', (event) => {
  const button = event.target.closest('.fold button');
  if (!button) return;
  const fold = button.closest('tbody');
  fold.nextElementSibling.classList.remove('hidden');
  fold.remove();
});
const open_named = () => {
  const named = document.getElementById(location.hash.slice(1));
  if (named && named.tagName === 'DETAILS') named.open = true;
};
window.addEventListener('hashchange', open_named);
open_named();
)js";

}  // namespace stent::report
