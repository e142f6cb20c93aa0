/**
 * The fields of an object, a row each.
 *
 * The rule: fair to any: text as text, figures as they are, the rest as a tree that can be opened.
 */
import type { Json } from "../../json.ts";
import { Limited } from "../text/limited.tsx";
import { Visible } from "../text/visible.tsx";
import { JsonTree } from "./jsontree.tsx";
import { LongText } from "./longtext.tsx";

const AT_FIRST = 50;

export function FieldTable({ fields }: { fields: Json }) {
  const names = Object.keys(fields);
  if (names.length === 0) return null;
  return (
    <table class="cw-fields">
      <tbody>
        <Limited
          count={names.length}
          most={AT_FIRST}
          what="fields"
          box={(button) => (
            <tr>
              <td colSpan={2}>{button}</td>
            </tr>
          )}
          draw={(index) => {
            const name = names[index] ?? "";
            return (
              <tr key={index}>
                <th scope="row">
                  <Visible text={name} as="line" />
                </th>
                <td>
                  <FieldValue name={name} value={fields[name]} />
                </td>
              </tr>
            );
          }}
        />
      </tbody>
    </table>
  );
}

function FieldValue({ name, value }: { name: string; value: unknown }) {
  if (typeof value !== "string") return <JsonTree value={value} />;
  if (!value.includes("\n") && value.length < 500) return <Visible text={value} />;
  return <LongText name={`field ${name}`} text={value} />;
}
