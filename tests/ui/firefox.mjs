// The main flow in Firefox, which Playwright does not drive: one form, one execution, one Kill.
//
// The rule: run by test_hosts.py with what to do as JSON in argv; drives Debian's own Firefox over
// WebDriver BiDi, finds everything by role and accessible name, waits for states, and prints each
// step that was reached. Anything else that it prints is why it failed.
import { createRequire } from "node:module";
import { argv, exit } from "node:process";

const told = JSON.parse(argv[2]);
const { default: puppeteer } = await import(
  createRequire(told.packages).resolve("puppeteer-core").replace("/cjs/", "/esm/")
);

const START = 90_000;
const NOTEBOOK = "window.jupyterapp?.shell?.currentWidget";
const READY = `(() => {
  const kernel = ${NOTEBOOK}?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === 'connected' && kernel.status === 'idle'
    && ${NOTEBOOK}.content.widgets.length > 0;
})()`;
const RUN = `(() => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
  window.jupyterapp.commands.execute('notebook:run-cell');
})()`;

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: told.firefox,
  headless: true,
  userDataDir: told.profile,
  timeout: START,
});
let page;

const named = (name, role) => `aria/${name}[role="${role}"]`;
const reached = (step) => console.log(`reached: ${step}`);
const find = (name, role, timeout = START) =>
  page.waitForSelector(named(name, role), { visible: true, timeout });

/** Waits until an element with that role and name holds the text. */
async function says(name, role, text, timeout = START) {
  const element = await find(name, role, timeout);
  await page.waitForFunction(
    (found, wanted) => found.innerText.includes(wanted),
    { timeout },
    element,
    text,
  );
  return element;
}

async function click(name, role, within = page) {
  const button = await within.waitForSelector(named(name, role), { visible: true });
  await button.evaluate((found) => found.click());
}

async function flow() {
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(told.url);
  await page.waitForFunction(READY, { timeout: START });
  reached("notebook");
  await page.evaluate(RUN);
  const query = await find("Query", "textbox", START);
  reached("dashboard");
  await query.type(told.query);
  await click("Execute", "button");
  const row = await says(told.query, "row", "running");
  reached("running");
  await click("View", "button", row);
  const output = await says("Output", "region", told.streams);
  const before = await output.evaluate((found) => found.innerText.length);
  await page.waitForFunction(
    (found, length) => found.innerText.length > length + 50,
    { timeout: START },
    output,
    before,
  );
  reached("live");
  await click("Kill", "button", row);
  await says(told.query, "row", "killed");
  reached("killed");
}

try {
  page = await browser.newPage();
  page.setDefaultTimeout(START);
  page.on("pageerror", (error) => console.log(`pageerror: ${error.stack ?? error}`));
  await flow();
  await page.screenshot({ path: told.picture });
} catch (error) {
  console.log(`failed: ${error.stack ?? error}`);
  await page?.screenshot({ path: told.picture }).catch(() => {});
  exit(1);
} finally {
  await browser.close();
}
