/**
 * What came from the web: a page's answer, or what a search has found.
 *
 * The rule: nothing is loaded; addresses are links that a reader may follow, the text is markdown.
 */
import { formatBytes } from "../../format.ts";
import { asNumber, asText } from "../../json.ts";
import { readWebResults } from "../../tools/tooldata.ts";
import { Limited } from "../text/limited.tsx";
import { SafeLink } from "../text/link.tsx";
import { Markdown } from "../text/markdown.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { FieldTable } from "./fields.tsx";
import { LongText } from "./longtext.tsx";

export function WebFetchBody({ call }: BodyProps) {
  const { input, data, text, phase } = call;
  const url = asText(input.url) || asText(data.url);
  const code = asNumber(data.code);
  const size = asNumber(data.bytes);
  const facts = [
    code !== null && `${code} ${asText(data.codeText)}`.trim(),
    size !== null && formatBytes(size),
  ].filter(Boolean);
  return (
    <>
      <Address url={url} />
      {asText(input.prompt) !== "" && (
        <div class="cw-meta">
          <Visible text={asText(input.prompt)} />
        </div>
      )}
      {facts.length > 0 && <div class="cw-meta">{facts.join(" · ")}</div>}
      <Answer text={asText(data.result) || text} failed={phase === "failed"} />
    </>
  );
}

const HITS_AT_FIRST = 20;

export function WebSearchBody({ call }: BodyProps) {
  const { input, text, phase } = call;
  const { query: _, ...options } = input;
  const found = readWebResults(call);
  const hits = found?.hits ?? [];
  const answer = found ? found.said.join("\n\n") : text;
  return (
    <>
      <FieldTable fields={options} />
      {hits.length > 0 && (
        <ul class="cw-hits">
          <Limited
            count={hits.length}
            most={HITS_AT_FIRST}
            what="results"
            box={(button) => <li>{button}</li>}
            draw={(index) => (
              <li key={index}>
                <Address url={hits[index]?.url ?? ""} title={hits[index]?.title ?? ""} />
              </li>
            )}
          />
        </ul>
      )}
      <Answer text={answer} failed={phase === "failed"} />
    </>
  );
}

function Address({ url, title = "" }: { url: string; title?: string }) {
  if (url === "" && title === "") return null;
  const words = title || url;
  return (
    <SafeLink address={url} words={words}>
      <Visible text={words} as="line" />
    </SafeLink>
  );
}

function Answer({ text, failed }: { text: string; failed: boolean }) {
  if (text === "") return null;
  if (failed) return <LongText class="cw-result-text cw-bad" text={text} />;
  return <Markdown text={text} streaming={false} />;
}
