/** GET /docs: the API's description as one page, HTML and one style sheet in it, no script. */
import { isObject, type JsonObject } from '../../shared/formats/json.ts';
import { curl, javascript, python, type Call } from './examples.ts';
import { html, inline, prose, type Html } from './html.ts';
import { typeOf } from './schema.ts';
import { STYLE } from './style.ts';

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly spec: JsonObject;
}

/** @returns the page, and a content policy that lets in its style and nothing else. */
export async function docsPage(api: JsonObject): Promise<{ html: string; policy: string }> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(new TextEncoder().encode(STYLE)));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const style = `<style>${STYLE}</style>`;
  return {
    html: `<!doctype html>\n${render(api).text.replace('<style></style>', () => style)}`,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function render(api: JsonObject): Html {
  const info = object(api['info']);
  const operations = operationsOf(api);
  const tags = list(api['tags']).map(object);
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${text(info['title'])} API</title>
      <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
      <style></style>
    </head>
    <body>
      <a class="skip" href="#calls">To the calls</a>
      <header>
        <h1>${text(info['title'])} API</h1>
        ${prose(text(info['description']))}
        <p class="dim">
          Version ${text(info['version'])}. The same for programs:
          <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). <a href="/">To the page</a>
        </p>
      </header>
      <nav aria-label="Calls">
        <ul>
          ${operations.map(
            ({ method, path, spec }) =>
              html`<li>
                <a href="#${text(spec['operationId'])}">${methodMark(method)}<span>${path}</span></a>
              </li>`,
          )}
        </ul>
      </nav>
      <main id="calls">
        ${tags.map((tag) => {
          const own = operations.filter(({ spec }) => list(spec['tags']).includes(tag['name']));
          if (own.length === 0) return undefined;
          return html`<h2>${heading(text(tag['name']))}</h2>
            <p class="dim">${inline(text(tag['description']))}</p>
            ${own.map((operation) => callSection(api, operation))}`;
        })}
        <footer>Apache-2.0</footer>
      </main>
    </body>
  </html>`;
}

function callSection(api: JsonObject, { path, method, spec }: Operation): Html {
  const id = text(spec['operationId']);
  const parameters = list(spec['parameters']).map(object);
  const body = object(object(spec['requestBody'])['content']);
  const call = callOf(path, method, spec);
  return html`<section class="call" id="${id}" aria-labelledby="${id}-title">
    <div class="title" id="${id}-title">
      ${methodMark(method)}
      <h3><code>${path}</code></h3>
    </div>
    <p>${inline(text(spec['summary']))}</p>
    ${spec['description'] === undefined ? undefined : prose(text(spec['description']))}
    ${
      parameters.length > 0
        ? html`<h4>Parameters</h4>
            ${table(
              'Name|Type|',
              parameters.map((each) => [
                html`<code>${text(each['name'])}</code
                  >${each['required'] === true ? '' : html` <span class="dim">optional</span>`}`,
                html`<code>${typeOf(api, each['schema'])}</code>`,
                html`${inline(text(each['description'] ?? object(each['schema'])['description']))}`,
              ]),
            )}`
        : undefined
    }
    ${Object.entries(body).map(
      ([type, content]) =>
        html`<h4>Body: ${type}</h4>
          <pre tabindex="0"><code>${typeOf(api, object(content)['schema'])}</code></pre>`,
    )}
    <h4>Answers</h4>
    ${table(
      'Status|Type|',
      Object.entries(object(spec['responses'])).map(([status, response]) =>
        answerRow(status, object(response)),
      ),
      true,
    )}
    ${Object.entries(object(spec['responses']))
      .filter(([status]) => status.startsWith('2'))
      .map(([status, response]) => exampleOf(api, status, object(response)))}
    <h4>Examples</h4>
    <details open>
      <summary>curl</summary>
      <pre tabindex="0"><code>${curl(call)}</code></pre>
    </details>
    <details>
      <summary>JavaScript</summary>
      <pre tabindex="0"><code>${javascript(call)}</code></pre>
    </details>
    <details>
      <summary>Python</summary>
      <pre tabindex="0"><code>${python(call)}</code></pre>
    </details>
  </section>`;
}

function answerRow(status: string, response: JsonObject): Html[] {
  const types = Object.keys(object(response['content']));
  const own = Object.keys(object(response['headers'])).filter((name) => !COMMON.has(name));
  return [
    html`<code>${status}</code>`,
    html`${types.length > 0 ? html`<code>${types.join(', ')}</code>` : html`<span class="dim">none</span>`}`,
    html`${inline(text(response['description']))}${own.length > 0 ? html` <span class="dim">Headers: ${own.join(', ')}.</span>` : undefined}`,
  ];
}

/** Told once, at the top. */
const COMMON: ReadonlySet<string> = new Set([
  'X-Request-Id',
  'Server-Timing',
  'RateLimit',
  'RateLimit-Policy',
]);

function exampleOf(api: JsonObject, status: string, response: JsonObject): Html[] {
  return Object.entries(object(response['content'])).map(([type, content]) => {
    const { schema, example } = object(content);
    return html`<details>
      <summary>Answer ${status}: ${type}</summary>
      ${schema === undefined ? undefined : html`<pre tabindex="0"><code>${typeOf(api, schema)}</code></pre>`}${example === undefined ? undefined : html`<pre tabindex="0"><code>${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}</code></pre>`}
    </details>`;
  });
}

function table(heads: string, rows: readonly (readonly Html[])[], marked = false): Html {
  const [first = '', second = '', third = ''] = heads.split('|');
  return html`<div class="wide" tabindex="0" role="group" aria-label="${marked ? 'Answers' : 'Parameters'}">
    <table>
      <thead>
        <tr>
          <th scope="col">${first}</th>
          <th scope="col">${second}</th>
          <th scope="col">${third === '' ? 'Meaning' : third}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([head, ...cells]) =>
            html`<tr class="${marked ? `status-${/\d/.exec(head?.text ?? '')?.[0] ?? ''}` : ''}">
              <th scope="row">${head}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function callOf(path: string, method: string, spec: JsonObject): Call {
  const query = new URLSearchParams();
  let filled = path;
  for (const parameter of list(spec['parameters']).map(object)) {
    const name = text(parameter['name']);
    const example = parameter['example'] ?? object(parameter['schema'])['example'];
    if (parameter['in'] === 'path') filled = filled.replace(`{${name}}`, text(example ?? name.toUpperCase()));
    else if (parameter['in'] === 'query' && parameter['required'] === true) query.set(name, text(example));
  }
  const content = Object.entries(object(object(spec['requestBody'])['content']))[0];
  const example = object(content?.[1])['example'];
  const answer = Object.entries(object(spec['responses'])).find(([status]) => status.startsWith('2'));
  const type = Object.keys(object(object(answer?.[1])['content']))[0] ?? '';
  return {
    method: method.toUpperCase(),
    path: query.size > 0 ? `${filled}?${query.toString()}` : filled,
    body: isObject(example) ? example : undefined,
    // What is too long for an example comes from a file.
    file: content && !isObject(example) ? { name: 'lens.trace.json', type: content[0] } : undefined,
    reads: /json/.test(type) ? 'json' : /png|octet/.test(type) ? 'bytes' : 'text',
    token: method === 'delete',
  };
}

function operationsOf(api: JsonObject): Operation[] {
  return Object.entries(object(api['paths'])).flatMap(([path, item]) =>
    Object.entries(object(item)).map(([method, spec]) => ({ path, method, spec: object(spec) })),
  );
}

function methodMark(method: string): Html {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}

function heading(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
