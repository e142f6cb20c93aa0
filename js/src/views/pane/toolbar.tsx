/**
 * What can be done with the whole of an output: search it, copy it, save it.
 *
 * The rule: the search is there at once; what copies and saves is fetched.
 */
import type { ExecutionRow } from "../../protocol.ts";
import { Fetched } from "../fetched.tsx";
import type { Transcript } from "./transcript.ts";

export function Toolbar({ row, transcript }: { row: ExecutionRow; transcript: Transcript }) {
  const { finder } = transcript;
  return (
    <>
      <button
        type="button"
        class="cw-button"
        aria-expanded={finder.open.value}
        title="Search this output (Ctrl+F)"
        onClick={() => (finder.open.value ? finder.close() : finder.begin())}
      >
        Search
      </button>
      <Fetched
        quiet
        draw={({ SaveButtons }) => <SaveButtons row={row} transcript={transcript} />}
      />
    </>
  );
}
