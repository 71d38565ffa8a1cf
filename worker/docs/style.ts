/** The style of /docs: the site's colours and type, light and dark, from 360 CSS pixels up. */

const DARK = `color-scheme: dark; --bg: #101418; --ink: #e6e8ea; --dim: #9aa3ab; --line: #262d34; --card: #161b21;
  --chip: #1f262d; --chip-ink: #c9cfd5; --accent: #7db3ff; --get: #7fd1a0; --post: #f0a04b; --bad: #ff9d94;`;

export const STYLE = `
:root { color-scheme: light; --bg: #fbfaf7; --ink: #1c2024; --dim: #5b6268; --line: #e3e1da; --card: #ffffff;
  --chip: #f1efe9; --chip-ink: #33393f; --accent: #1f5fbf; --get: #1d7a46; --post: #a04c0c; --bad: #b3261e;
  --sans: Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 16px; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 var(--sans); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--card); padding: 6px 10px; }
header, main, nav { max-width: 60rem; margin: 0 auto; padding: 0 20px; }
header { padding-top: 32px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 40px 0 4px; }
h3 { font-size: 15px; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
h4 { font-size: 13px; margin: 18px 0 4px; color: var(--dim); font-weight: 600; }
p { margin: 6px 0; max-width: 46rem; }
nav ul { list-style: none; margin: 20px 0 0; padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); display: grid; gap: 4px 20px; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
nav a { display: flex; gap: 8px; padding: 4px 0; align-items: baseline; text-decoration: none; color: var(--ink); font: 13px/1.4 var(--mono); overflow-wrap: anywhere; }
nav a:hover { text-decoration: underline; }
section.call { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; margin: 14px 0; }
.title { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; }
.method { font: 600 12px/1.4 var(--mono); color: var(--get); min-width: 3.2em; }
.method.post, .method.delete { color: var(--post); }
code, pre { font: 13px/1.5 var(--mono); }
code { background: var(--chip); color: var(--chip-ink); border-radius: 5px; padding: 1px 5px; overflow-wrap: anywhere; }
h3 code { background: none; color: inherit; padding: 0; font-size: 15px; }
pre { background: var(--chip); color: var(--chip-ink); border-radius: 8px; padding: 10px 12px; margin: 6px 0; overflow-x: auto; }
pre code { padding: 0; background: none; overflow-wrap: normal; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--dim); font-weight: 500; font-size: 12.5px; }
tbody th { font-weight: 400; white-space: nowrap; }
.status-4 code, .status-5 code { color: var(--bad); }
.dim { color: var(--dim); }
.request { color: var(--dim); font-size: 12px; }
details { margin: 6px 0; }
summary { cursor: pointer; padding: 3px 0; color: var(--accent); }
footer { color: var(--dim); padding: 32px 0 56px; }
`;
