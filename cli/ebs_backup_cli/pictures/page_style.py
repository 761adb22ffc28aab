"""The page's style, and the little script that sorts and filters it; the page is complete without the script."""

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --day: #0969da; --week: #d4700c; --month: #1a7f37; --good: #2da44e; --some: #d9a300; --bad: #cf222e; --on: #ffffff }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --quiet: #9198a1; --paper: #0d1117; --card: #151b23;
  --line: #3d444d; --day: #4aa3ff; --week: #ffa657; --month: #3fb950; --good: #238636; --some: #9e6a03; --bad: #da3633 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1200px; padding: 16px; background: var(--paper); color: var(--ink);
  font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere } h2 { font-size: 17px; margin: 24px 0 8px }
p { margin: 4px 0 } .quiet, small { color: var(--quiet) } small { font-size: 12px }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(104px, 1fr)); gap: 8px; margin: 16px 0; padding: 0 }
.totals div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px }
.totals dt { color: var(--quiet); font-size: 13px } .totals dd { margin: 0; font-size: 22px; font-weight: 650 }
.totals .late dd { color: var(--bad) }
.nights { display: grid; grid-template-rows: repeat(7, 22px); grid-auto-flow: column; grid-auto-columns: minmax(20px, 26px);
  gap: 2px; overflow-x: auto; list-style: none; margin: 8px 0; padding: 0; font-size: 10px }
.nights li { border-radius: 4px; display: grid; place-items: center; color: var(--quiet); border: 1px solid transparent }
.held { background: var(--card); border-color: var(--line) !important }
.all { background: var(--good); color: var(--on) !important } .some { background: var(--some); color: #000 !important }
.none { background: var(--bad); color: var(--on) !important; font-weight: 700; text-decoration: underline }
.key span { display: inline-block; padding: 0 8px; margin: 0 4px 4px 0; border-radius: 4px; font-size: 12px;
  border: 1px solid transparent }
.tools { display: flex; flex-wrap: wrap; gap: 6px; margin: 8px 0; align-items: center } .tools[hidden] { display: none }
.tools button, .tools input { font: inherit; font-size: 14px; padding: 6px 10px; min-height: 36px; border-radius: 6px;
  border: 1px solid var(--line); background: var(--card); color: var(--ink) }
.tools button[aria-pressed=true] { border-color: var(--day); font-weight: 650 } .tools input { flex: 1 1 160px; min-width: 0 }
table { width: 100%; border-collapse: collapse } th { text-align: left; color: var(--quiet); font-size: 13px; padding: 4px 8px }
td { padding: 8px; border-top: 1px solid var(--line); vertical-align: top } td:first-child { overflow-wrap: anywhere; width: 27% }
td:nth-child(2) { width: 32% } td:nth-child(3) { width: 25% } b { font-weight: 650 } code { font-size: 12px }
.tag { font-size: 12px; border: 1px solid var(--line); border-radius: 10px; padding: 0 8px; white-space: nowrap }
.tag.late { background: var(--bad); color: #fff; border-color: var(--bad) }
.t { position: relative; height: 40px; border-radius: 4px; background-color: var(--card); overflow: hidden }
.t i { position: absolute; width: 8px; height: 8px; margin-left: -4px; border-radius: 50%; background: var(--day); top: 2px }
.t i.w { background: var(--week); border-radius: 2px; top: 16px } .t i.m { background: var(--month); border-radius: 0; top: 29px }
.t i.p { opacity: .45 } .t i.h { outline: 2px solid var(--ink) } .t i.e { background: var(--bad) }
.d { color: var(--day) } .w { color: var(--week) } .m { color: var(--month) }
.axis { display: flex; justify-content: space-between; font-size: 11px; color: var(--quiet) }
.axis::before { content: var(--from) } .axis::after { content: "now" }
.f { display: grid; grid-template-columns: 48px 1fr 76px; gap: 6px; align-items: center; font-size: 12px; line-height: 18px }
.f i { height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; display: block }
.f i i { background: var(--good); border-radius: 0 } .f.late i i { background: var(--bad) } .f.late { color: var(--bad) }
.f.late span:last-child { font-weight: 650 }
details { margin-top: 4px; font-size: 13px } summary { cursor: pointer; color: var(--quiet); min-height: 24px }
details ol { list-style: none; margin: 4px 0; padding: 0; overflow-wrap: anywhere }
@media (max-width: 760px) { table, tbody, tr, td { display: block; width: auto !important } thead { display: none }
  tr { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 10px; padding: 6px } tr[hidden] { display: none }
  td { border: 0; padding: 4px 6px } body { padding: 10px } .tools button { flex: 1 1 auto } }
@media print { .tools { display: none } }
"""

SCRIPT = """
(() => {
  const body = document.querySelector('tbody'), tools = document.querySelector('.tools');
  if (!body) return;
  tools.hidden = false;
  const rows = [...body.rows], buttons = [...tools.querySelectorAll('button')];
  const value = (row, key) => key === 'name' ? row.dataset.name : Number(row.dataset[key]);
  const compare = (a, b) => typeof a === 'string' ? a.localeCompare(b) : b - a;
  for (const button of buttons) button.addEventListener('click', () => {
    const key = button.dataset.key, again = button.getAttribute('aria-pressed') === 'true';
    const sign = again && button.dataset.up !== '1' ? -1 : 1;
    for (const other of buttons) { other.setAttribute('aria-pressed', other === button); other.dataset.up = ''; }
    button.dataset.up = sign < 0 ? '1' : '';
    rows.sort((a, b) => sign * compare(value(a, key), value(b, key)));
    body.append(...rows);
  });
  tools.querySelector('input').addEventListener('input', event => {
    const word = event.target.value.toLowerCase();
    for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(word);
  });
})();
"""
