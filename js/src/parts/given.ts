/**
 * What the bundle gives to the panels, which are a part of their own: its own copy of each module.
 *
 * The rule: by the very names that are imported here; the build leaves out of the panels what this
 * file imports. All that may be in a page only once must be here (preact and its hooks, signals,
 * contexts), and what the bundle has anyway should be.
 */
import { batch, computed, effect, signal, useComputed, useSignal } from "@preact/signals";
import { createContext, Fragment } from "preact";
import {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "preact/hooks";
import { jsx, jsxs } from "preact/jsx-runtime";
import * as conversation from "../conversation/conversation.ts";
import * as starting from "../conversation/starting.ts";
import * as transcript from "../fold/transcript.ts";
import * as format from "../format.ts";
import * as json from "../json.ts";
import * as bulk from "../list/bulk.ts";
import * as selecting from "../list/selecting.ts";
import * as clock from "../page/clock.ts";
import * as feed from "../pane/feed.ts";
import * as pace from "../pane/pace.ts";
import * as problem from "../problem.ts";
import * as store from "../store.ts";
import * as links from "../text/links.ts";
import * as markdown from "../text/markdown.ts";
import * as references from "../text/references.ts";
import * as visible from "../text/visible.ts";
import * as view from "../view.ts";
import * as dialog from "../views/dialog.tsx";
import * as activity from "../views/list/activity.tsx";
import * as bulkViews from "../views/list/bulk.tsx";
import * as grid from "../views/list/grid.tsx";
import * as keyboard from "../views/list/keyboard.ts";
import * as listing from "../views/list/listing.ts";
import * as origin from "../views/list/origin.tsx";
import * as row from "../views/list/row.tsx";
import * as splitter from "../views/list/splitter.tsx";
import * as status from "../views/list/status.tsx";
import * as output from "../views/pane/output.tsx";
import * as problemViews from "../views/problem.tsx";
import * as mcp from "../views/session/mcp.tsx";
import * as session from "../views/session/session.tsx";
import * as copy from "../views/text/copy.tsx";
import * as text from "../views/text/text.tsx";
import * as visibleText from "../views/text/visible.tsx";
import * as diff from "../views/tools/diff.tsx";
import * as virtual from "../views/virtual.tsx";

const GIVEN: Readonly<Record<string, object>> = {
  "@preact/signals": { batch, computed, effect, signal, useComputed, useSignal },
  preact: { createContext, Fragment },
  "preact/hooks": {
    useCallback,
    useContext,
    useEffect,
    useLayoutEffect,
    useMemo,
    useRef,
    useState,
  },
  "preact/jsx-runtime": { Fragment, jsx, jsxs },
  "../conversation/conversation.ts": conversation,
  "../conversation/starting.ts": starting,
  "../fold/transcript.ts": transcript,
  "../format.ts": format,
  "../json.ts": json,
  "../list/bulk.ts": bulk,
  "../list/selecting.ts": selecting,
  "../page/clock.ts": clock,
  "../pane/feed.ts": feed,
  "../pane/pace.ts": pace,
  "../problem.ts": problem,
  "../store.ts": store,
  "../text/links.ts": links,
  "../text/markdown.ts": markdown,
  "../text/references.ts": references,
  "../text/visible.ts": visible,
  "../view.ts": view,
  "../views/dialog.tsx": dialog,
  "../views/list/activity.tsx": activity,
  "../views/list/bulk.tsx": bulkViews,
  "../views/list/grid.tsx": grid,
  "../views/list/keyboard.ts": keyboard,
  "../views/list/listing.ts": listing,
  "../views/list/origin.tsx": origin,
  "../views/list/row.tsx": row,
  "../views/list/splitter.tsx": splitter,
  "../views/list/status.tsx": status,
  "../views/pane/output.tsx": output,
  "../views/problem.tsx": problemViews,
  "../views/session/mcp.tsx": mcp,
  "../views/session/session.tsx": session,
  "../views/text/copy.tsx": copy,
  "../views/text/text.tsx": text,
  "../views/text/visible.tsx": visibleText,
  "../views/tools/diff.tsx": diff,
  "../views/virtual.tsx": virtual,
};

export function give(name: string): object {
  const given = GIVEN[name];
  if (!given) throw new Error(`the bundle gives no ${name}`);
  return given;
}
