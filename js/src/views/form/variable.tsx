/**
 * One field of a template's form.
 *
 * The rule: what is typed is a text, whatever the type; a field without a value has the default.
 */
import type { TemplateVariable } from "../../protocol.ts";
import { useFieldId } from "../../view.ts";
import { Visible } from "../text/visible.tsx";

interface VariableFieldProps {
  readonly variable: TemplateVariable;
  readonly value: string;
  /** What is wrong with it; empty if nothing is known to be. */
  readonly wrong: string;
  readonly onType: (text: string) => void;
}

interface ControlProps extends Omit<VariableFieldProps, "wrong"> {
  readonly id: string;
  readonly said: string;
  readonly invalid: boolean;
}

const HINTS: Readonly<Partial<Record<TemplateVariable["type"], string>>> = {
  int: "a whole number",
  float: "a number",
  list: '["a", "b"]',
  dict: '{"a": 1}',
};

export function VariableField({ variable, value, wrong, onType }: VariableFieldProps) {
  const id = useFieldId();
  const said = useFieldId();
  const { name, description, required } = variable;
  return (
    <div class="cw-field">
      <label for={id}>
        {name}
        {required && <span class="cw-meta"> required</span>}
      </label>
      <Control
        id={id}
        said={said}
        variable={variable}
        value={value}
        invalid={wrong !== ""}
        onType={onType}
      />
      <span id={said}>
        {wrong && (
          <span class="cw-bad">
            <Visible text={`It ${wrong}. `} as="line" />
          </span>
        )}
        {description && (
          <span class="cw-hint">
            <Visible text={description} />
          </span>
        )}
      </span>
    </div>
  );
}

function Control(props: ControlProps) {
  const { id, said, variable, value, invalid, onType } = props;
  const { type, required, enum: choices } = variable;
  const common = { id, value, "aria-describedby": said, "aria-invalid": invalid };
  const listed = type === "bool" && choices.length === 0 ? ["true", "false"] : choices;
  // Two words are a checkbox only where one of them counts unless it is touched.
  if (type === "bool" && !required) {
    return (
      <input
        type="checkbox"
        id={id}
        aria-describedby={said}
        checked={value === "true"}
        onChange={(event) => onType(String(event.currentTarget.checked))}
      />
    );
  }
  if (listed.length > 0) {
    return (
      <select {...common} onChange={(event) => onType(event.currentTarget.value)}>
        {(required || !listed.includes(value)) && <option value="">…</option>}
        {listed.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  const typed = (event: { currentTarget: { value: string } }) => onType(event.currentTarget.value);
  if (type === "date") return <input {...common} type="date" onInput={typed} />;
  if (type === "int" || type === "float") {
    const mode = type === "int" ? "numeric" : "decimal";
    return (
      <input {...common} type="text" inputMode={mode} placeholder={HINTS[type]} onInput={typed} />
    );
  }
  return <textarea {...common} rows={1} placeholder={HINTS[type]} onInput={typed} />;
}
