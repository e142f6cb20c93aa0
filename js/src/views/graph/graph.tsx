/**
 * The graph: executions that come after others, each group of them drawn in layers.
 *
 * The rule: it draws what the rows say. Of very many only the newest are drawn, which it says.
 */
import { useComputed } from "@preact/signals";
import { formatCount, formatNumber } from "../../format.ts";
import { fitting, type Group, groupsOf } from "../../graph/grouping.ts";
import { select, useView } from "../../view.ts";
import { GroupGraph } from "./group.tsx";

const MOST = 150;

export function Graph() {
  const view = useView();
  const { store } = view.app;
  const rows = useComputed(() => store.ids.value.flatMap((id) => store.row(id)?.value ?? [])).value;
  const groups = groupsOf(rows);
  const shown = fitting(groups, MOST);
  return (
    <div class="cw-list cw-charts" role="region" aria-label="Graph">
      {groups.length === 0 ? (
        <p class="cw-empty">
          No execution comes after another. <code>{"{{ plan.result }}"}</code> in a prompt,{" "}
          <code>after</code> and <code>manager.pipeline</code> make it so.
        </p>
      ) : (
        <p class="cw-meta" role="status">
          {told(shown, groups)}
        </p>
      )}
      {shown.map((group) => (
        <GroupGraph
          key={group.rows[0]?.executionId}
          group={group}
          onOpen={(executionId) => select(view, executionId)}
        />
      ))}
    </div>
  );
}

const count = (groups: readonly Group[]): number =>
  groups.reduce((sum, group) => sum + group.rows.length, 0);

function told(shown: readonly Group[], all: readonly Group[]): string {
  const [drawn, there] = [count(shown), count(all)];
  const said = drawn < there ? `The newest ${drawn} of ${formatNumber(there)} executions` : "";
  return `${said || formatCount(there, "execution")} that come after each other.`;
}
