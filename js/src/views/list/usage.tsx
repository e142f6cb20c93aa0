/**
 * What an execution uses of the machine: now while it runs, and altogether once it has ended.
 *
 * The rule: a few characters, with their meaning in the tooltip; nothing where nothing is known.
 */

import { formatBytes, formatDuration } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";

export function UsageNow({ row }: { row: ExecutionRow }) {
  if (row.status !== "running" || row.cpuPercent === null || row.memoryBytes === null) return null;
  return (
    <span
      class="cw-usage"
      title="Processor (of one core) and memory of Claude Code and all that it started, now"
    >{`${row.cpuPercent} % CPU, ${formatBytes(row.memoryBytes)}`}</span>
  );
}

export function Usage({ row }: { row: ExecutionRow }) {
  if (!isEnded(row.status)) return <UsageNow row={row} />;
  const text = usedText(row);
  return text ? (
    <span
      class="cw-usage"
      title="Processor time of Claude Code and all that it started, and their memory at its peak"
    >
      {text}
    </span>
  ) : null;
}

/** Once it has ended; empty if that is not known. */
export function usedText({ cpuSeconds, memoryBytes }: ExecutionRow): string {
  return [
    cpuSeconds !== null &&
      `${cpuSeconds < 60 ? `${cpuSeconds.toFixed(1)} s` : formatDuration(cpuSeconds)} CPU`,
    memoryBytes !== null && `${formatBytes(memoryBytes)} peak`,
  ]
    .filter(Boolean)
    .join(", ");
}
