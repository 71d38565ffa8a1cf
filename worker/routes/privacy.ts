/** GET /privacy: what this server keeps, for how long, and how to have a trace taken away, by its own settings. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { html } from 'hono/html';
import type { Ports } from '../ports.ts';

type Html = ReturnType<typeof html>;

const CONTENT_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function privacyRoute(app: OpenAPIHono, ports: Ports): void {
  app.get('/privacy', (c) =>
    c.html(page(ports), 200, {
      'Content-Security-Policy': CONTENT_POLICY,
      'Cache-Control': 'public, max-age=300',
    }),
  );
}

function page({ traces, contact }: Ports): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>What is kept: Residscope</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/privacy.css" />
      </head>
      <body>
        <main>
          <p><a href="/">Residscope</a></p>
          <h1>What is kept, and for how long</h1>
          <p>
            The model runs in your browser. What you type into the page, and what the model makes of it, stays
            there: the address keeps the prompt behind its <code>#</code>, which browsers send to no server.
            There are no accounts and no cookies, and nothing counts you.
          </p>

          <h2>In your browser</h2>
          <p>
            Your choice of light or dark, recent prompts, the files of models that you opened, and the page
            itself, so that it works without a network. The page’s model dialog lists the files and deletes
            them; your browser’s “clear site data” takes all of it away.
          </p>

          <h2>On this server</h2>
          <dl>
            <dt>Texts sent to the tokenizing API</dt>
            <dd>
              Programs call it, the page does not have to. Ids and tokens are kept up to 30 days, under a hash
              of the text, so that the next call is faster. The tokens can be read as text by whoever runs the
              server: send nothing there that has to stay secret.
            </dd>
            <dt>Shared lenses</dt>
            ${traces ? keptTraces(traces.days) : html`<dd>This server keeps none.</dd>`}
            <dt>Addresses</dt>
            <dd>
              Requests are counted by network address for a minute, to share the server fairly. Where the
              count is stored, it is under a hash whose salt changes every day.
            </dd>
            <dt>Logs</dt>
            <dd>
              A line a request: time, method, kind of page, status, duration, size and a random number. No
              prompt, no query, no address. The network and the host that this server runs on may keep logs of
              their own.
            </dd>
          </dl>

          <h2>Having a shared lens taken away</h2>
          <p>
            Whoever shared it got a delete token once, and can delete it with that at any time. Anybody else
            can report it: send its address
            ${
              contact === undefined
                ? html`to whoever runs this server, by the way they name for it.`
                : html`to ${contactLink(contact)}.`
            }
            The operator can take any shared lens away and keep its address from being used again.
          </p>
        </main>
      </body>
    </html> `;
}

function keptTraces(days: number): Html {
  return html`<dd>
    A lens is stored only when somebody shares it: prompt, tokens, numbers, and which kind of device ran it.
    Anybody who has the address can read it.
    ${
      days === 0
        ? html`It is kept until it is deleted.`
        : html`It is kept for ${days} ${days === 1 ? 'day' : 'days'}, then deleted.`
    }
    With it a hash of its delete token is kept, and not who shared it.
  </dd>`;
}

function contactLink(contact: string): Html {
  const href = contact.includes('@') && !/^[a-z]+:/i.test(contact) ? `mailto:${contact}` : contact;
  return html`<a href="${href}">${contact.replace(/^mailto:/, '')}</a>`;
}
