"""How an exported report looks: in light, in dark, and on paper.

The rule: plain CSS that loads nothing; no selector depends on what an agent wrote.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --text: #1f2328; --quiet: #636c76; --page: #ffffff; --soft: #f6f8fa; --line: #d9dee3;
  --link: #0a5dc2; --good: #1a7f37; --bad: #b3261e; --warn: #8a5a00;
  --add: #e3f6e8; --del: #fdeaea; --at: #eef3f9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #dfe3e8; --quiet: #9aa4af; --page: #15191e; --soft: #1d2228; --line: #343b44;
    --link: #79b0ff; --good: #5fce7e; --bad: #ff8f87; --warn: #e3b341;
    --add: #17331f; --del: #3d1f20; --at: #1c2733;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 52rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; margin: 0 0 .75rem; }
h2 {
  font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--quiet);
  font-weight: 600; margin: 2.5rem 0 .75rem;
}
h1, summary, .prose { overflow-wrap: anywhere; }
.facts {
  display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: 0; padding: 0;
}
.facts li { color: var(--quiet); font-size: .9rem; font-variant-numeric: tabular-nums; }
.facts .status { font-weight: 600; }
.facts .completed { color: var(--good); }
.facts .failed, .facts .killed { color: var(--bad); }
.facts .running, .facts .pending { color: var(--warn); }
.quiet, footer { color: var(--quiet); font-size: .875rem; }
.notice {
  margin: 1rem 0 0; padding: .6rem .9rem; border-left: 3px solid var(--bad);
  background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere;
}
.notice.denied { border-color: var(--warn); }
a { color: var(--link); }
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { background: var(--soft); border-radius: 4px; padding: .1em .3em; }
pre {
  background: var(--soft); border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0;
  padding: .75rem .9rem; overflow-x: auto;
}
pre code { background: none; padding: 0; font-size: inherit; }
pre.prose { white-space: pre-wrap; font: inherit; }
.prose > :first-child { margin-top: 0; }
.prose > :last-child { margin-bottom: 0; }
.prose h3 { font-size: 1.2rem; }
.prose h4 { font-size: 1.05rem; }
.prose h5, .prose h6 { font-size: 1rem; }
.prose h3, .prose h4, .prose h5, .prose h6 { line-height: 1.3; margin: 1.6em 0 .5em; }
blockquote {
  margin: 1em 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--quiet);
}
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1em 0; }
th, td {
  border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; text-align: left;
  vertical-align: top;
}
th { font-weight: 600; }
td code { white-space: nowrap; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2em 0; }
.steps { list-style: none; margin: 0; padding: 0; }
.steps > li { margin: .6rem 0; }
.steps .steps {
  border-left: 2px solid var(--line); padding-left: 1rem; margin: .5rem 0 .5rem .3rem;
}
summary { cursor: pointer; }
.call > summary { color: var(--quiet); font-size: .925rem; }
.call > summary code { color: var(--text); }
.call.failed > summary { color: var(--bad); }
.call pre { max-height: 32rem; overflow: auto; }
pre.given { border-style: dashed; }
.diff { padding: .5rem 0; }
.diff span { display: block; padding: 0 .9rem; min-width: max-content; white-space: pre; }
.diff .add { background: var(--add); } .diff .del { background: var(--del); }
.diff .at { background: var(--at); color: var(--quiet); }
footer {
  border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 1rem;
  overflow-wrap: anywhere;
}
@media print {
  :root {
    color-scheme: light;
    --text: #000; --quiet: #444; --page: #fff; --soft: #fafafa; --line: #ccc; --link: #000;
    --good: #1a7f37; --bad: #b3261e; --warn: #8a5a00; --add: #e3f6e8; --del: #fdeaea; --at: #f2f2f2;
  }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  pre, .diff span { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 0; }
  .call pre { max-height: none; }
  .diff span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1, h2, h3, summary { break-after: avoid; }
  .notice, tr { break-inside: avoid; }
  a { text-decoration: underline; }
}
"""
