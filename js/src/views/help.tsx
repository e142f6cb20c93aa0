/**
 * The table of keys.
 *
 * The rule: what it says is in keys.ts.
 */
import { KEY_GROUPS, type KeyLine } from "../list/keys.ts";
import { Dialog } from "./dialog.tsx";

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="cw-keys">
        {KEY_GROUPS.map(({ where, lines }) => (
          <table key={where}>
            <caption>{where}</caption>
            <tbody>
              {lines.map((line) => (
                <KeyRow key={line.does} line={line} />
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <div class="cw-dialog-buttons">
        <button type="button" class="cw-button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function KeyRow({ line }: { line: KeyLine }) {
  return (
    <tr>
      <th scope="row">
        {line.keys.map((name, index) => (
          <span key={name}>
            {index > 0 && " or "}
            <kbd>{name}</kbd>
          </span>
        ))}
      </th>
      <td>{line.does}</td>
    </tr>
  );
}
