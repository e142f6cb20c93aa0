/**
 * One labelled line of text, one labelled choice, and one labelled box to check.
 *
 * The rule: the label is the accessible name; suggestions only suggest.
 */
import type { ReadonlySignal, Signal } from "@preact/signals";
import { useFieldId } from "../../view.ts";

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: Signal<string> | ReadonlySignal<string>;
  readonly suggestions?: readonly string[];
  readonly onType?: (text: string) => void;
}

export function Field({ label, hint, value, suggestions, onType }: FieldProps) {
  const id = useFieldId();
  const type =
    onType ??
    ((text: string) => {
      (value as Signal<string>).value = text;
    });
  return (
    <div class="cw-field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        list={suggestions ? `${id}-list` : undefined}
        value={value.value}
        onInput={(event) => type(event.currentTarget.value)}
      />
      {suggestions && (
        <datalist id={`${id}-list`}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
    </div>
  );
}

interface SelectFieldProps<T extends string> {
  readonly label: string;
  /** Empty for the CLI's own default. */
  readonly value: Signal<T | "">;
  /** Each with what it means. */
  readonly options: readonly (readonly [value: string, meaning: string])[];
}

export function SelectField<T extends string>({ label, value, options }: SelectFieldProps<T>) {
  const id = useFieldId();
  return (
    <div class="cw-field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.value as T | "";
        }}
      >
        <option value="">CLI's default</option>
        {options.map(([name, meaning]) => (
          <option key={name} value={name}>
            {name === meaning ? name : `${name}: ${meaning.toLowerCase()}`}
          </option>
        ))}
      </select>
    </div>
  );
}

interface CheckFieldProps {
  readonly label: string;
  readonly value: Signal<boolean>;
}

export function CheckField({ label, value }: CheckFieldProps) {
  return (
    <label class="cw-check">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      {label}
    </label>
  );
}
