/**
 * The dashboard's tabs, and the panel of the one in front beside the output.
 *
 * The rule: which panels there are, and nothing of what they show. The list of executions stays
 * where it was scrolled to while another tab is in front; the others are drawn anew each time.
 */
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useFieldId } from "../view.ts";
import { Fetched } from "./fetched.tsx";
import { ExecutionList } from "./list/list.tsx";
import { useListing } from "./list/listing.ts";
import { MIDDLE, Splitter } from "./list/splitter.tsx";
import { SelectedOutput } from "./pane/output.tsx";
import { TabPanel, Tabs } from "./tabs.tsx";

export type PanelName = "executions" | "timeline" | "graph" | "history";
type Searches = Readonly<Record<"executions" | "history", RefObject<HTMLInputElement | null>>>;

export interface DashboardPanelsProps {
  readonly chosen: Signal<PanelName>;
  /** Get the search fields of those that have one. */
  readonly searches: Searches;
}

export function DashboardPanels({ chosen, searches }: DashboardPanelsProps) {
  const prefix = useFieldId();
  const share = useSignal(MIDDLE);
  const { all } = useListing().counts.value;
  const tabs = [
    { id: "executions", label: "Executions", ...(all > 0 && { count: all }) },
    { id: "timeline", label: "Timeline" },
    { id: "graph", label: "Graph" },
    { id: "history", label: "History" },
  ] as const;
  return (
    <>
      <Tabs
        tabs={tabs}
        chosen={chosen.value}
        onChoose={(id) => {
          const tab = tabs.find((one) => one.id === id);
          if (tab) chosen.value = tab.id;
        }}
        prefix={prefix}
        label="Dashboard"
      />
      <div class="cw-columns" style={{ "--cw-share": `${share.value}%` }}>
        <TabPanel id="executions" prefix={prefix} hidden={chosen.value !== "executions"}>
          <ExecutionList search={searches.executions} />
        </TabPanel>
        <TabPanel id="timeline" prefix={prefix} hidden={chosen.value !== "timeline"}>
          {chosen.value === "timeline" && <Fetched draw={({ Timeline }) => <Timeline />} />}
        </TabPanel>
        <TabPanel id="graph" prefix={prefix} hidden={chosen.value !== "graph"}>
          {chosen.value === "graph" && <Fetched draw={({ Graph }) => <Graph />} />}
        </TabPanel>
        <TabPanel id="history" prefix={prefix} hidden={chosen.value !== "history"}>
          {chosen.value === "history" && (
            <Fetched draw={({ History }) => <History search={searches.history} />} />
          )}
        </TabPanel>
        <Splitter share={share} />
        <SelectedOutput />
      </div>
    </>
  );
}
