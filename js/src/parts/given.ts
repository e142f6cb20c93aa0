/**
 * What the bundle gives to the panels, which are a part of their own: its own copy of each module.
 *
 * The rule: by the very names that are imported here; the build leaves out of the panels what this
 * file imports. All that may be in a page only once must be here (preact and its hooks, signals,
 * contexts), and what the bundle has anyway should be.
 */
import { batch, computed, effect, signal, useComputed, useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { jsx, jsxs } from "preact/jsx-runtime";
import * as format from "../format.ts";
import * as clock from "../page/clock.ts";
import * as store from "../store.ts";
import * as view from "../view.ts";
import * as status from "../views/list/status.tsx";
import * as text from "../views/text/text.tsx";
import * as visibleText from "../views/text/visible.tsx";
import * as virtual from "../views/virtual.tsx";

const GIVEN: Readonly<Record<string, object>> = {
  "@preact/signals": { batch, computed, effect, signal, useComputed, useSignal },
  preact: { Fragment },
  "preact/hooks": { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState },
  "preact/jsx-runtime": { Fragment, jsx, jsxs },
  "../format.ts": format,
  "../page/clock.ts": clock,
  "../store.ts": store,
  "../view.ts": view,
  "../views/list/status.tsx": status,
  "../views/text/text.tsx": text,
  "../views/text/visible.tsx": visibleText,
  "../views/virtual.tsx": virtual,
};

export function give(name: string): object {
  const given = GIVEN[name];
  if (!given) throw new Error(`the bundle gives no ${name}`);
  return given;
}
