/**
 * The MCP servers of a running execution: how each is, and connecting one again.
 *
 * The rule: what the CLI last said, by its own words; asking again changes nothing.
 */

import { actionKey } from "../../conversation/conversation.ts";
import type { SessionFacts } from "../../fold/blocks.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";
import { isFailing } from "./session.tsx";

type Servers = SessionFacts["servers"];

const MEANINGS: Readonly<Record<string, string>> = {
  failed: "not connected",
  "needs-auth": "not connected: it wants a login",
  pending: "connecting…",
};

export function McpServers({ row, facts }: { row: ExecutionRow; facts: SessionFacts }) {
  const { app } = useView();
  const { executionId } = row;
  const key = actionKey("mcp-status", executionId);
  const told = app.ui.kept<{ at: Servers; servers: Servers } | null>(`told ${key}`, null);
  const { sending, problem } = app.actions.state(key).value;
  // The answer counts until the transcript says something newer.
  const current = told.value?.at === facts.servers ? told.value.servers : facts.servers;
  const refresh = async () => {
    const servers = await app.conversation.mcpStatus(executionId);
    if (servers) told.value = { at: facts.servers, servers };
  };
  if (current.length === 0) return null;
  return (
    <div class="cw-servers" role="group" aria-label="MCP servers">
      <ul>
        {current.map(({ name, status }) => (
          <ServerItem
            key={name}
            executionId={executionId}
            name={name}
            status={status}
            onDone={refresh}
          />
        ))}
      </ul>
      <button
        type="button"
        class="cw-button cw-small"
        aria-disabled={sending}
        onClick={() => void refresh()}
      >
        {sending ? "Asking…" : "Refresh MCP servers"}
      </button>
      {problem && <ProblemAlert problem={problem} />}
    </div>
  );
}

interface ServerItemProps {
  readonly executionId: string;
  readonly name: string;
  readonly status: string;
  onDone(): Promise<void>;
}

function ServerItem({ executionId, name, status, onDone }: ServerItemProps) {
  const { app } = useView();
  const { sending, problem } = app.actions.state(actionKey("reconnect", executionId, name)).value;
  const meaning = Object.hasOwn(MEANINGS, status) ? `, ${MEANINGS[status]}` : "";
  const reconnect = async () => {
    if (await app.conversation.reconnect(executionId, name)) await onDone();
  };
  return (
    <li>
      <b>
        <Visible text={name} as="line" />
      </b>{" "}
      <span class={isFailing(status) ? "cw-tag cw-bad" : "cw-tag"}>
        <Visible text={status} as="line" />
        {meaning}
      </span>{" "}
      <button
        type="button"
        class="cw-button cw-small"
        aria-disabled={sending}
        onClick={() => void reconnect()}
      >
        {sending ? "Connecting…" : "Reconnect"}
      </button>
      {problem && <ProblemAlert problem={problem} />}
    </li>
  );
}
