"""What the browser tests of attacks share: what listens for harm, and what brings all to sight.

The rule: JavaScript for a page, as text; a page is given it before anything else is loaded. What
the page's policy refuses, or only reports, is harm, too, where our own code is its cause.
"""

from __future__ import annotations

import json

from tests.attacks import LOOK
from tests.waiting import BOUND

LAST = "This was the last attack."
MARK = ("out", json.dumps({"type": "system", "subtype": "informational", "content": LAST}))
"""A line to stand behind the attacks: once it is drawn, all of them have come."""

WATCH = """
globalThis.attacked = [];
globalThis.reports = [];
for (const name of ['alert', 'confirm', 'prompt', 'open', 'print']) {
  globalThis[name] = (...values) => { attacked.push(`${name}(${values})`); };
}
document.addEventListener('securitypolicyviolation', (event) => {
  const { effectiveDirective, blockedURI, sourceFile, sample, disposition } = event;
  const said = `policy: ${effectiveDirective} ${blockedURI} ${sample}`;
  if (disposition === 'enforce') attacked.push(said);
  else reports.push([sourceFile ?? '', said]);
});
"""
"""Notes what an attack would do, and what a policy that only reports says, with where from."""

READ = (
    f"const LAST = {json.dumps(LAST)}; const BOUND = {BOUND * 1000};"
    + LOOK
    + """
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const until = async (what, holds) => {
    for (const end = performance.now() + BOUND; performance.now() < end; await frame()) {
      const found = holds();
      if (found) return found;
    }
    throw new Error(`waited for ${what}`);
  };
  const found = new Set();
  const rows = new Set();
  const look = (root) => {
    for (const harm of findHarm(root)) found.add(harm);
    for (const said of attacked.splice(0)) found.add(said);
  };
  const blocksOf = (root) => root.querySelector('[role=region][aria-label=Blocks]');
  const openBlocks = (root) => until('blocks', () => {
    const box = blocksOf(root);
    // Of a long transcript the end is shown first, while what came before is still read.
    const whole = !root.textContent.includes('Reading what came before');
    return whole && box?.textContent.includes(LAST) && box;
  });
  const readAll = async (root) => {
    await openBlocks(root);
    for (let at = 0, end = 1; at < end; ) {
      const box = await until('blocks', () => blocksOf(root));
      box.scrollTop = at;
      await frame();
      for (let depth = 0; depth < 4 && openFolded(box); depth += 1) await frame();
      for (const row of box.querySelectorAll('[data-key]')) rows.add(row.dataset.key);
      look(root);
      at += box.clientHeight * 0.9;
      end = box.scrollHeight;
    }
  };
  const readTabs = async (root) => {
    for (const name of ['stderr', 'Raw frames', 'Conversation']) {
      const tabs = [...root.querySelectorAll('[role=tab]')];
      tabs.find(({ textContent }) => textContent.startsWith(name)).click();
      await frame();
      await frame();
      look(root);
    }
  };
  const press = (root, name) => {
    const buttons = [...root.querySelectorAll('button')];
    buttons.find(({ textContent }) => textContent === name).click();
  };
"""
)
"""The beginning of a function's body: `readAll(root)`, `readTabs(root)`, and `found` and `rows`."""
