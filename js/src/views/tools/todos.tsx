/**
 * A list of things to do, with how far each is.
 *
 * The rule: the state is a word, too, for those who do not see the box.
 */
import { readTodos, type Todo } from "../../tools/tooldata.ts";
import { Limited } from "../text/limited.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { LongText } from "./longtext.tsx";

const AT_FIRST = 50;
const BOXES: Readonly<Record<Todo["status"], readonly [sign: string, word: string]>> = {
  pending: ["☐", "to do"],
  in_progress: ["◐", "in progress"],
  completed: ["☑", "done"],
};

export function TodosBody({ call }: BodyProps) {
  const todos = readTodos(call);
  const failed = call.phase === "failed" || todos.length === 0;
  return (
    <>
      {todos.length > 0 && (
        <ul class="cw-todos">
          <Limited
            count={todos.length}
            most={AT_FIRST}
            what="entries"
            box={(button) => <li>{button}</li>}
            draw={(index) => {
              const todo = todos[index];
              return todo && <TodoItem key={index} todo={todo} />;
            }}
          />
        </ul>
      )}
      {failed && call.text !== "" && <LongText class="cw-result-text" text={call.text} />}
    </>
  );
}

function TodoItem({ todo: { text, status, id } }: { todo: Todo }) {
  const [sign, word] = BOXES[status];
  return (
    <li class={`cw-todo-${status}`}>
      <span role="img" aria-label={word}>
        {sign}
      </span>{" "}
      {id !== "" && <span class="cw-meta">{`#${id} `}</span>}
      <Visible text={text} as="line" />
    </li>
  );
}
