/**
 * The files of a worktree that have changed, each with its diff.
 *
 * The rule: folded but for the first few short ones, and a diff is drawn when its file is opened; of
 * what cannot be shown it is said why.
 */
import { useState } from "preact/hooks";
import { formatCount, formatNumber } from "../../format.ts";
import type { DiffAnswer, DiffFile } from "../../protocol.ts";
import type { Hunk } from "../../tools/diff.ts";
import { Visible } from "../text/visible.tsx";
import { Diff } from "../tools/diff.tsx";

type Hunks = ReadonlyMap<string, readonly Hunk[]>;

const FIRST_FILES = 50;
/** Lines of the files that are open at first. */
const FIRST_LINES = 200;
const KINDS = { added: "new", changed: "changed", deleted: "deleted" } as const;

export function ChangedFiles({ told, hunks }: { told: DiffAnswer; hunks: Hunks }) {
  const [shown, setShown] = useState(FIRST_FILES);
  const { files, fileCount, truncated } = told;
  const untold = fileCount - files.length;
  let lines = 0;
  const drawn = files.slice(0, shown).map((file) => {
    lines += file.added + file.removed + 1;
    return { file, open: lines <= FIRST_LINES };
  });
  const left = files.length - drawn.length;
  return (
    <>
      {drawn.map(({ file, open }) => (
        <ChangedFile key={file.path} file={file} hunks={hunks.get(file.path)} openFirst={open} />
      ))}
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setShown(shown * 10)}>
          {`Show more (${formatCount(left, "more file")})`}
        </button>
      )}
      {untold > 0 && <p class="cw-hint">{`And ${formatCount(untold, "more file")}.`}</p>}
      {(truncated || untold > 0) && (
        <p class="cw-hint">
          Not all of it is shown here: <code>execution.diff</code> has it all, in a cell.
        </p>
      )}
    </>
  );
}

interface ChangedFileProps {
  readonly file: DiffFile;
  readonly hunks: readonly Hunk[] | undefined;
  readonly openFirst: boolean;
}

function ChangedFile({ file, hunks, openFirst }: ChangedFileProps) {
  const [open, setOpen] = useState(openFirst);
  return (
    <details class="cw-change" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code>
          <Visible text={file.path} as="line" />
        </code>{" "}
        <span class="cw-tag">{KINDS[file.kind]}</span>{" "}
        {!file.note && (
          <span class="cw-meta">
            {`+${formatNumber(file.added)} −${formatNumber(file.removed)}`}
          </span>
        )}
      </summary>
      {open && <FileBody file={file} hunks={hunks} />}
    </details>
  );
}

function FileBody({ file, hunks }: Omit<ChangedFileProps, "openFirst">) {
  if (file.note) {
    return (
      <p class="cw-hint">
        Its lines are not shown: it <Visible text={file.note} as="line" />.
      </p>
    );
  }
  if (!hunks) return <p class="cw-hint">It is beyond what is shown here.</p>;
  if (hunks.length > 0) return <Diff path={file.path} hunks={hunks} />;
  const empty = { added: "It is empty.", deleted: "It was empty.", changed: "Only its mode." };
  return <p class="cw-hint">{empty[file.kind]}</p>;
}
