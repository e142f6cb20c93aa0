/**
 * The template that the reader fills in: which one, its values, what it makes, and its start.
 *
 * The rule: values are texts until the kernel reads them; a field that is blank is not sent, so that
 * the template's default counts. What is shown of a preview is of just these values.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import type { App } from "../app.ts";
import type { PreviewAnswer, TemplateChoice, TemplatesAnswer } from "../protocol.ts";
import { actionKey } from "./conversation.ts";
import { requestOf } from "./starting.ts";

export type Values = Readonly<Record<string, string>>;

export const LISTING = actionKey("templates", "");
export const PREVIEW = actionKey("preview", "");
export const START = actionKey("start-template", "");

export class Templating {
  readonly listed = signal<TemplatesAnswer | null>(null);
  readonly chosen = signal<TemplateChoice | null>(null);
  readonly values = signal<Values>({});
  readonly preview = signal<PreviewAnswer | null>(null);
  readonly sent = computed(() =>
    Object.fromEntries(Object.entries(this.values.value).filter(([, text]) => text.trim() !== "")),
  );

  constructor(private readonly app: App) {
    // What it says is of other values, or of another template, by then.
    effect(() => {
      void [this.values.value, this.chosen.value];
      this.preview.value = null;
    });
  }

  async list(projectPath: string): Promise<void> {
    const request = { type: "claude:get-templates", projectPath } as const;
    const answer = await this.app.actions.ask(LISTING, request);
    if (answer?.type !== "claude:get-templates" || this.app.projectPath() !== projectPath) return;
    batch(() => {
      this.listed.value = answer;
      const again = answer.templates.find((one) => isSame(one, this.chosen.value) && !one.problem);
      if (JSON.stringify(again) !== JSON.stringify(this.chosen.value)) this.choose(again ?? null);
    });
  }

  choose(template: TemplateChoice | null): void {
    batch(() => {
      this.chosen.value = template;
      const begin = (template?.variables ?? []).map((one) => [one.name, one.default]);
      this.values.value = Object.fromEntries(begin);
    });
    this.app.actions.setProblem(START, null);
    this.app.actions.setProblem(PREVIEW, null);
  }

  set(name: string, text: string): void {
    this.values.value = { ...this.values.value, [name]: text };
  }

  /** What is wrong with a value, as the last preview says. */
  wrong(name: string): string {
    return this.preview.value?.problems.find((one) => one.name === name)?.problem ?? "";
  }

  async fill(): Promise<PreviewAnswer | null> {
    const [name, variables] = [this.chosen.value?.name ?? "", this.sent.value];
    const request = { type: "claude:preview-template", name, variables } as const;
    const projectPath = this.app.projectPath();
    const answer = await this.app.actions.ask(PREVIEW, { ...request, projectPath });
    if (answer?.type !== "claude:preview-template" || this.sent.value !== variables) return null;
    this.preview.value = answer;
    return answer;
  }

  /** Starts it with what else the form says; resolves with the execution's id, or null. */
  async start(): Promise<string | null> {
    const filled = await this.fill();
    if (!filled || filled.problems.length > 0) return null;
    const settings = { ...this.app.starting.settings(), query: "" };
    const template = this.chosen.value?.name ?? "";
    const request = { ...requestOf(settings), template, variables: this.sent.value };
    const answer = await this.app.actions.ask(START, request);
    return answer?.type === "claude:execute" ? answer.executionId : null;
  }
}

const isSame = (one: TemplateChoice, other: TemplateChoice | null): boolean =>
  one.name === other?.name && one.scope === other.scope;

const made = new WeakMap<App, Templating>();

export function templatingOf(app: App): Templating {
  const found = made.get(app) ?? new Templating(app);
  made.set(app, found);
  return found;
}
