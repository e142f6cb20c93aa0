/**
 * Any JSON, as a tree that is opened branch by branch.
 *
 * The rule: what is closed is not drawn, and of a long list only the beginning, so that neither
 * depth nor length costs before somebody looks.
 */
import { useState } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { isObject } from "../../json.ts";
import { Limited } from "../text/limited.tsx";
import { Visible } from "../text/visible.tsx";
import { LongText } from "./longtext.tsx";

const AT_FIRST = 50;
/** Up to so many entries a branch is open from the start. */
const SMALL = 8;

interface JsonTreeProps {
  readonly value: unknown;
  readonly name?: string;
  readonly depth?: number;
}

export function JsonTree({ value, name = "", depth = 0 }: JsonTreeProps) {
  if (Array.isArray(value) || isObject(value)) {
    return <Branch value={value} name={name} depth={depth} />;
  }
  return (
    <>
      <Name name={name} />
      <Leaf value={value} name={`${depth} ${name}`} />
    </>
  );
}

function Name({ name }: { name: string }) {
  if (name === "") return null;
  return (
    <span class="cw-json-name">
      <Visible text={name} as="line" />
      {": "}
    </span>
  );
}

function Leaf({ value, name }: { value: unknown; name: string }) {
  if (typeof value !== "string") return <span class="cw-json-leaf">{String(value)}</span>;
  if (value.includes("\n") || value.length > 500) return <LongText name={name} text={value} />;
  return (
    <span class="cw-json-text">
      {'"'}
      <Visible text={value} as="line" />
      {'"'}
    </span>
  );
}

interface BranchProps extends Required<JsonTreeProps> {
  readonly value: object;
}

function Branch({ value, name, depth }: BranchProps) {
  const isList = Array.isArray(value);
  const keys = Object.keys(value);
  const [open, setOpen] = useState(depth === 0 || (depth < 3 && keys.length <= SMALL));
  if (keys.length === 0) {
    return (
      <>
        <Name name={name} />
        <span class="cw-json-leaf">{isList ? "[]" : "{}"}</span>
      </>
    );
  }
  const size = formatCount(keys.length, isList ? "item" : "field");
  return (
    <>
      <button
        type="button"
        class="cw-json-fold"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Name name={name} />
        <span class="cw-meta">{size}</span>
      </button>
      {open && <Entries value={value} keys={keys} depth={depth + 1} />}
    </>
  );
}

interface EntriesProps {
  readonly value: object;
  readonly keys: readonly string[];
  readonly depth: number;
}

function Entries({ value, keys, depth }: EntriesProps) {
  return (
    <ul class="cw-json">
      <Limited
        count={keys.length}
        most={AT_FIRST}
        what="entries"
        box={(button) => <li>{button}</li>}
        draw={(index) => {
          const key = keys[index] ?? "";
          const entry: unknown = Reflect.get(value, key);
          return (
            <li key={key}>
              <JsonTree value={entry} name={key} depth={depth} />
            </li>
          );
        }}
      />
    </ul>
  );
}
