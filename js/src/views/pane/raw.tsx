/**
 * The records of a transcript as they lie there: time, stream and line of each.
 *
 * The rule: it has bytes of its own while it is in front, and no longer. A record is decoded when it
 * is in sight, and set out when it is opened.
 */
import { useCallback, useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { Stream, TranscriptRecord } from "../../fold/transcript.ts";
import { formatBytes, formatCount, formatNumber } from "../../format.ts";
import { RawPane } from "../../pane/rawpane.ts";
import { previewOf, RecordRows, STREAMS, setOut } from "../../pane/records.ts";
import { useView } from "../../view.ts";
import { ClippedText } from "../text/text.tsx";
import { Visible } from "../text/visible.tsx";
import { useListView, VirtualList } from "../virtual.tsx";

const LONG = 20_000;

export function RawPanel({ executionId }: { executionId: string }) {
  const { panes } = useView().app;
  const held = useMemo(
    () => panes.useOwn((connection) => new RawPane(executionId, connection)),
    [panes, executionId],
  );
  useLayoutEffect(() => held.release, [held]);
  const [hidden, hide] = useState<ReadonlySet<Stream>>(new Set());
  const { records, dropped } = held.pane.shown.value;
  const rows = useMemo(() => new RecordRows(records, hidden), [records, hidden]);
  return (
    <>
      <div class="cw-raw-bar" role="group" aria-label="Streams">
        {STREAMS.map((stream) => (
          <StreamButton key={stream} stream={stream} hidden={hidden} onChange={hide} />
        ))}
        <span class="cw-meta" role="status">
          {told(held.pane, rows.count, dropped)}
        </span>
      </div>
      <Records rows={rows} />
    </>
  );
}

function told({ error, ended }: RawPane, count: number, dropped: number): string {
  if (error.value) return error.value;
  const earlier = dropped > 0 ? `, ${formatNumber(dropped)} earlier ones left out` : "";
  return `${formatCount(count, "record")}${earlier}${ended.value ? "" : "…"}`;
}

interface StreamButtonProps {
  readonly stream: Stream;
  readonly hidden: ReadonlySet<Stream>;
  readonly onChange: (hidden: ReadonlySet<Stream>) => void;
}

function StreamButton({ stream, hidden, onChange }: StreamButtonProps) {
  const shown = !hidden.has(stream);
  const toggle = () => {
    const next = new Set(hidden);
    if (shown) next.add(stream);
    else next.delete(stream);
    onChange(next);
  };
  return (
    <button type="button" class="cw-button" aria-pressed={shown} onClick={toggle}>
      {stream}
    </button>
  );
}

function Records({ rows }: { rows: RecordRows }) {
  const list = useListView({ follow: true });
  const [opened, open] = useState<ReadonlySet<number>>(new Set());
  const toggle = useCallback((from: number) => {
    open((before) => {
      const after = new Set(before);
      if (!after.delete(from)) after.add(from);
      return after;
    });
  }, []);
  const draw = useCallback(
    (_: string, index: number) => {
      const record = rows.records[index];
      if (!record) return null;
      return <RecordLine record={record} open={opened.has(record.from)} onToggle={toggle} />;
    },
    [rows, opened, toggle],
  );
  return (
    <VirtualList
      list={list}
      rows={rows}
      draw={draw}
      box={{ class: "cw-scroll", role: "region", tabIndex: 0, "aria-label": "Records" }}
    />
  );
}

interface RecordProps {
  readonly record: TranscriptRecord;
  readonly open: boolean;
  readonly onToggle: (from: number) => void;
}

function RecordLine({ record, open, onToggle }: RecordProps) {
  const { from, seconds, stream, elided, torn } = record;
  return (
    <div class="cw-record">
      <button
        type="button"
        class="cw-record-line"
        aria-expanded={open}
        onClick={() => onToggle(from)}
      >
        <span class="cw-record-time">{seconds.toFixed(3)}</span>
        <span class={`cw-record-stream cw-record-${stream}`}>{stream}</span>
        <span class="cw-record-text">
          <Visible text={previewOf(record)} as="prose" />
        </span>
      </button>
      {open && <RecordInFull record={record} />}
      {torn && <span class="cw-tag">not finished</span>}
      {elided > 0 && <span class="cw-tag">{`${formatBytes(elided)} left out`}</span>}
    </div>
  );
}

function RecordInFull({ record }: { record: TranscriptRecord }) {
  const text = useMemo(() => setOut(record), [record]);
  return (
    <pre class="cw-record-whole">
      <ClippedText text={text} length={LONG} />
    </pre>
  );
}
