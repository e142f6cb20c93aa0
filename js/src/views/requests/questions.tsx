/**
 * Questions that an execution asks, one choice or several, or an answer in one's own words.
 *
 * The rule: every question has an answer before they go out, all at once; nothing is chosen
 * beforehand. Answers go by the question's text, as the CLI reads them.
 */

import { actionKey, allow, deny } from "../../conversation/conversation.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import { asList, asObject, asText, type Json } from "../../json.ts";
import { useFieldId, usePane, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";
import { DecideButton, DenyLine } from "./decide.tsx";
import { type Deciding, useDeciding } from "./deciding.ts";

interface Question {
  readonly question: string;
  readonly header: string;
  readonly options: readonly { label: string; description: string; preview: string }[];
  readonly multiple: boolean;
}

interface Answer {
  readonly chosen: readonly string[];
  readonly other: string;
  readonly usesOther: boolean;
}

const BLANK: Answer = { chosen: [], other: "", usesOther: false };

interface QuestionsDraft {
  readonly answers: readonly Answer[];
  readonly message: string;
}

const DECLINED = "The user did not want to answer.";

export function QuestionsCard({ block }: { block: RequestBlock }) {
  const { ui } = useView().app;
  const questions = readQuestions(block.input);
  const key = actionKey("answers", usePane().executionId, block.controlId);
  const draft = ui.kept<QuestionsDraft>(key, { answers: [], message: "" });
  const deciding = useDeciding(block, "questions");
  const answers = questions.map((_, index) => draft.value.answers[index] ?? BLANK);
  const change = (changes: Partial<QuestionsDraft>) => {
    draft.value = { ...draft.peek(), ...changes };
  };
  const { message } = draft.value;
  return (
    <>
      <div class="cw-ask-head">
        <span class="cw-ask-mark">Needs you</span>
        <b>{questions.length === 1 ? "A question for you" : "Questions for you"}</b>
      </div>
      {questions.map((question, index) => (
        <QuestionField
          key={index}
          question={question}
          answer={answers[index] ?? BLANK}
          onAnswer={(given) =>
            change({ answers: answers.map((old, at) => (at === index ? given : old)) })
          }
        />
      ))}
      <AnswerAction {...{ block, questions, answers, deciding }} />
      <DenyLine
        deciding={deciding}
        label="Decline"
        primary={false}
        hint="Why not (optional)"
        message={message}
        onType={(text) => change({ message: text })}
        onDeny={() => deciding.decide(deny(message.trim() || DECLINED))}
      />
      {deciding.problem && <ProblemAlert problem={deciding.problem} />}
    </>
  );
}

interface AnswerActionProps {
  readonly block: RequestBlock;
  readonly questions: readonly Question[];
  readonly answers: readonly Answer[];
  readonly deciding: Deciding;
}

function AnswerAction({ block, questions, answers, deciding }: AnswerActionProps) {
  const texts = questions.map((question, index) => answerText(question, answers[index] ?? BLANK));
  const answer = () => {
    const given = Object.fromEntries(questions.map(({ question }, at) => [question, texts[at]]));
    deciding.decide(allow({ updatedInput: { ...block.input, answers: given } }));
  };
  return (
    <>
      {block.inputClipped && <p class="cw-warn">It cannot be answered here.</p>}
      <div class="cw-actions">
        <DecideButton
          deciding={deciding}
          primary
          label={deciding.answering ? "Answering…" : "Answer"}
          unready={texts.includes("") || block.inputClipped}
          onDecide={answer}
        />
      </div>
    </>
  );
}

function readQuestions(input: Json): readonly Question[] {
  return asList(input.questions).map((item) => {
    const { question, header, options, multiSelect } = asObject(item);
    return {
      question: asText(question),
      header: asText(header),
      multiple: multiSelect === true,
      options: asList(options).map((option) => {
        const { label, description, preview } = asObject(option);
        return {
          label: asText(label),
          description: asText(description),
          preview: asText(preview),
        };
      }),
    };
  });
}

/** As the CLI takes it: the labels of several choices one after the other; empty is no answer. */
function answerText({ options, multiple }: Question, answer: Answer): string {
  const other = answer.usesOther ? answer.other.trim() : "";
  if (answer.usesOther && other === "") return "";
  const chosen = options.map(({ label }) => label).filter((label) => answer.chosen.includes(label));
  if (!multiple) return other || (chosen[0] ?? "");
  return [...chosen, ...(other ? [other] : [])].join(", ");
}

interface QuestionFieldProps {
  readonly question: Question;
  readonly answer: Answer;
  onAnswer(answer: Answer): void;
}

function QuestionField({ question, answer, onAnswer }: QuestionFieldProps) {
  const name = useFieldId();
  const { multiple, options, header } = question;
  const choose = (label: string, on: boolean) => {
    if (!multiple) return onAnswer({ ...answer, chosen: [label], usesOther: false });
    const without = answer.chosen.filter((other) => other !== label);
    onAnswer({ ...answer, chosen: on ? [...without, label] : without });
  };
  return (
    <fieldset class="cw-ask-question">
      <legend>
        {header && (
          <span class="cw-tag">
            <Visible text={header} as="line" />
          </span>
        )}{" "}
        <Visible text={question.question} as="prose" />
        {multiple && <span class="cw-meta"> (several may be chosen)</span>}
      </legend>
      {options.map(({ label, description, preview }, index) => (
        <label key={index} class="cw-choice">
          <input
            type={multiple ? "checkbox" : "radio"}
            name={name}
            checked={answer.chosen.includes(label) && (multiple || !answer.usesOther)}
            onChange={(event) => choose(label, event.currentTarget.checked)}
          />
          <span>
            <Visible text={label} as="line" />
            {description && (
              <span class="cw-meta">
                {" "}
                <Visible text={description} as="prose" />
              </span>
            )}
            {preview && (
              <pre class="cw-code">
                <Visible text={preview} />
              </pre>
            )}
          </span>
        </label>
      ))}
      <OtherChoice name={name} multiple={multiple} answer={answer} onAnswer={onAnswer} />
    </fieldset>
  );
}

interface OtherProps {
  readonly name: string;
  readonly multiple: boolean;
  readonly answer: Answer;
  onAnswer(answer: Answer): void;
}

function OtherChoice({ name, multiple, answer, onAnswer }: OtherProps) {
  const { usesOther, other } = answer;
  return (
    <div class="cw-choice">
      <input
        type={multiple ? "checkbox" : "radio"}
        name={name}
        aria-label="Other"
        checked={usesOther}
        onChange={(event) => onAnswer({ ...answer, usesOther: event.currentTarget.checked })}
      />
      <input
        type="text"
        class="cw-other"
        aria-label="Other, in your own words"
        placeholder="Other, in your own words"
        autocomplete="off"
        value={other}
        onInput={(event) => {
          const text = event.currentTarget.value;
          onAnswer({ ...answer, other: text, usesOther: text.trim() !== "" });
        }}
      />
    </div>
  );
}
