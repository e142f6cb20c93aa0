/**
 * A plain page that draws the real views on recorded executions, with no kernel and no Jupyter.
 *
 * The rule: only what the address asks for is shown: nothing for a gallery of recorded executions,
 * `?recordings`, `?frames=100000&streamed=0`, `?executions=1000`, `?streaming=10&rate=100`,
 * `?bad=large`; `&cells=live,edit` draws executions in cells of their own, `&select=ID` opens one.
 * Built by `npm run demo`, opened as demo.html; never in the package.
 */

import { BAD } from "./demo/bad.ts";
import { Courier } from "./demo/courier.ts";
import { FakeKernel } from "./demo/kernel.ts";
import { addMany, Stream, streamWords } from "./demo/live.ts";
import { addGallery, addRecordings } from "./demo/recorded.ts";
import { longTranscript } from "./demo/traffic.ts";
import { MODEL, World } from "./demo/world.ts";
import { panels } from "./parts/panelspart.ts";
import type { Welcome } from "./protocol.ts";
import { provideHighlighter } from "./text/highlight.ts";
import { attach, render } from "./widget.ts";

const asked = new URLSearchParams(location.search);
const count = (name: string, otherwise = 0): number => Number(asked.get(name) ?? otherwise);
const now = Date.now() / 1000;
const world = new World();
const courier = new Courier();

function addFrames(): void {
  const bytes = longTranscript(count("frames"), asked.get("streamed") !== "0");
  const row = {
    executionId: "frames",
    query: "Read everything",
    startTime: now - 600,
    model: MODEL,
  };
  world.addBytes({ ...row, status: "completed", reason: "success", endTime: now }, bytes, true);
}

function addBad(name: string): void {
  const row = { executionId: "bad", query: `Bad input: ${name}`, startTime: now - 9, endTime: now };
  const end = { event: "ended", exit_code: 0 };
  world.add(
    { ...row, status: "completed", reason: "success" },
    { frames: BAD[name]?.() ?? "", end },
  );
}

function fill(): void {
  if (asked.has("executions")) addMany(world, count("executions"), now);
  if (asked.has("frames")) addFrames();
  if (asked.has("recordings")) addRecordings(world, now);
  const bad = asked.get("bad");
  if (bad !== null) addBad(bad);
  if (asked.has("streaming")) stream = new Stream(world, count("streaming"), count("rate", 100));
  if (world.executions.size > 0 || asked.has("empty")) return;
  addGallery(world, now);
  streamWords(world, "live");
}

function show(traits: Readonly<Record<string, unknown>>, place: string): FakeKernel {
  const kernel = new FakeKernel(world, courier, traits, { notice: NOTICE, ...WELCOME });
  const { signal } = new AbortController();
  attach(kernel, [], signal);
  const el = document.createElement("div");
  document.getElementById(place)?.append(el);
  render({ model: kernel, el, signal });
  return kernel;
}

const NOTICE = "A demonstration on recorded executions: nothing runs, and nothing is charged.";
let stream: Stream | null = null;
fill();
const rows = [...world.executions.values()].map(({ row }) => row);
const WELCOME: Partial<Welcome> = {
  suggestedQueries: rows.slice(0, 2).map(({ query }) => query),
};
performance.mark("show");
const kernels = [show({ kind: "dashboard" }, "dashboard")];
const cells = asked.get("cells")?.split(",") ?? (world.executions.has("edit") ? ["edit"] : []);
for (const id of cells) kernels.push(show({ kind: "execution", execution_id: id }, "cells"));

// There is no kernel to fetch them from.
provideHighlighter(() => import("./text/highlighter.ts"));
panels.provide(() => import("./parts/panels.ts"));
panels.want();

/** For benchmarks and tests, which drive the page from outside. */
Object.assign(globalThis, { demo: { world, courier, kernels, stream } });
