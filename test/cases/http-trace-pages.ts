/** What others see of a stored trace, on any server: cards, oEmbed, the page with its preview, and pages that say no. */
import { expect, describe, it } from 'vitest';
import type { JsonObject } from '../../shared/formats/json.ts';
import { decodePng } from '../support/png.ts';
import { PROMPT, realTrace } from '../support/real-trace.ts';
import { type Base, expectOpen, expectProblem, request } from './http-client.ts';
import { stored } from './http-traces.ts';

const HTML = { Accept: 'text/html,application/xhtml+xml' };
const EVIL = `</title><script>alert(1)</script>]]>"'><img src=x onerror=alert(1)>&\u202e`;

/** A trace whose every text is hostile. */
async function hostile(): Promise<JsonObject> {
  const trace = (await realTrace()) as Record<'model' | 'prompt' | 'tokens', Record<string, unknown>>;
  const texts = (list: unknown): string[] => (list as string[]).map((text, i) => `${EVIL}${text}${i}`);
  return {
    model: { ...trace.model, id: EVIL },
    prompt: { ...trace.prompt, pieces: texts(trace.prompt['pieces']) },
    tokens: { ...trace.tokens, texts: texts(trace.tokens['texts']) },
  };
}

/** Attributes of the tags of a name, entities resolved. */
function tagsOf(html: string, name: string): Record<string, string>[] {
  return Array.from(html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g')), ([, inside = '']) =>
    Object.fromEntries(
      Array.from(inside.matchAll(/([\w:-]+)="([^"]*)"/g), ([, key = '', value = '']) => [
        key,
        resolved(value),
      ]),
    ),
  );
}

function resolved(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&([#\w]+);/g, (_, name: string) => named[name] ?? `?${name}?`);
}

/** Nothing in the markup that a reader's browser would run, load or follow. */
function expectHarmless(markup: string): void {
  expect(markup).not.toMatch(/<script(?![^>]* src="\/)|<(?:img|iframe|object|foreignObject|image|use)\b/i);
  for (const [tag] of markup.matchAll(/<[a-z][^>]*>/gi)) expect(tag).not.toMatch(/\son\w+\s*=(?=[^"]*(?:"[^"]*"[^"]*)*$)/i); // prettier-ignore
}

export function tracePageCases(base: Base): void {
  describe('cards', () => {
    it('card.svg is a picture by itself, which may style itself and nothing else', async () => {
      const { id } = await stored(base);
      const answer = await request(base, `/v1/traces/${id}/card.svg`);
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'image/svg+xml']);
      expect(answer.headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      );
      expectOpen(answer);
      const [svg] = tagsOf(answer.text, 'svg');
      expect(svg).toMatchObject({
        width: '1200',
        height: '630',
        role: 'img',
        xmlns: 'http://www.w3.org/2000/svg',
      });
      expect(answer.text).toContain(`>${PROMPT}<`);
      expect(answer.text).toContain('·Paris');
      expectHarmless(answer.text);
    });

    it('card.png is the same in 1200 × 630 pixels', async () => {
      const { id } = await stored(base);
      const response = await fetch(`${base()}/v1/traces/${id}/card.png`);
      expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'image/png']);
      const png = decodePng(Buffer.from(await response.arrayBuffer()));
      expect([png.width, png.height]).toEqual([1200, 630]);
      expect(png.at(2, 2)).toEqual([0xfb, 0xfa, 0xf7]); // the light page
      // Letters with soft edges on cells of many colours.
      expect(png.colors).toBeGreaterThan(200);
      const again = await fetch(`${base()}/v1/traces/${id}/card.png`);
      expect(decodePng(Buffer.from(await again.arrayBuffer())).colors).toBe(png.colors);
    });

    it.each(['svg', 'png'])('card.%s has a tag, an age and a HEAD', async (kind) => {
      const { id } = await stored(base);
      const path = `/v1/traces/${id}/card.${kind}`;
      const head = await request(base, path, { method: 'HEAD' });
      expect([head.status, head.text]).toEqual([200, '']);
      expect(head.headers.get('Cache-Control')).toBe('public, max-age=86400, s-maxage=3600');
      const tag = head.headers.get('ETag') ?? '';
      expect(tag).toMatch(new RegExp(`^"${id}-[\\w.-]+"$`));
      const known = await request(base, path, { headers: { 'If-None-Match': tag } });
      expect([known.status, known.text]).toEqual([304, '']);
    });

    it('show hostile texts as text, in both', async () => {
      const { id } = await stored(base, await hostile());
      const { status, text } = await request(base, `/v1/traces/${id}/card.svg`);
      expect(status).toBe(200);
      expect(text).toContain('&lt;script&gt;');
      expectHarmless(text);
      expect(text).not.toContain('\u202e');
      // The renderer's parser of XML takes no mistake.
      const png = await fetch(`${base()}/v1/traces/${id}/card.png`);
      expect(decodePng(Buffer.from(await png.arrayBuffer())).width).toBe(1200);
    });
  });

  describe('/t/ID', () => {
    it('is the page, with the same headers, and what previews look for in its head', async () => {
      const { id, url } = await stored(base);
      const [page, plain] = [await request(base, `/t/${id}`, { headers: HTML }), await request(base, '/')];
      expect(page.status).toBe(200);
      for (const name of [
        'Content-Security-Policy',
        'Cross-Origin-Opener-Policy',
        'Cross-Origin-Embedder-Policy',
        'Cross-Origin-Resource-Policy',
        'Content-Type',
        'X-Content-Type-Options',
        'Referrer-Policy',
      ])
        // prettier-ignore
        expect([name, page.headers.get(name)]).toEqual([name, plain.headers.get(name)]);
      expect(page.headers.get('Cache-Control')).toBe('public, max-age=60');
      // The plain page's addresses are relative, for a static host's folder; seen from /t/ID they must lead to the same.
      const files = (html: string, path: string): string[] =>
        ['script', 'link', 'img']
          .flatMap((tag) => tagsOf(html, tag))
          .filter(({ rel }) => rel !== 'canonical' && rel !== 'alternate')
          .flatMap(({ src, href }) => src ?? href ?? [])
          .map((address) => new URL(address, `${base()}${path}`).href);
      expect(files(page.text, `/t/${id}`)).toEqual(files(plain.text, '/'));
      expect(files(plain.text, '/').length).toBeGreaterThan(1);

      const title = `“${PROMPT}” in fable-4m, layer by layer`;
      expect(page.text.match(/<title>/g)).toHaveLength(1);
      expect(page.text).toContain(`<title>${title}</title>`);
      const meta = new Map(
        tagsOf(page.text, 'meta').map(({ property, name, content }) => [property ?? name, content]),
      );
      expect(Object.fromEntries(meta)).toMatchObject({
        'og:type': 'website',
        'og:title': title,
        'og:url': url,
        'og:image': `${base()}/v1/traces/${id}/card.png`,
        'og:image:width': '1200',
        'og:image:height': '630',
        'twitter:card': 'summary_large_image',
        'twitter:title': title,
      });
      expect(meta.get('og:description')).toMatch(
        /^Logit lens of fable-4m, 8 layers\. After “·of” the answer is “·Paris”/,
      );
      expect(meta.get('description')).toBe(meta.get('og:description'));
      expect(tagsOf(page.text, 'link').filter(({ rel }) => rel === 'canonical')).toEqual([{ rel: 'canonical', href: url }]); // prettier-ignore
      expect((await request(base, `/t/${id}`, { method: 'HEAD' })).status).toBe(200);
    });

    it('shows hostile texts as text', async () => {
      const { id } = await stored(base, await hostile());
      const { status, text } = await request(base, `/t/${id}`);
      expect(status).toBe(200);
      expectHarmless(text);
      const [plain] = [(await request(base, '/')).text];
      for (const name of ['script', 'img', 'iframe']) expect(tagsOf(text, name)).toHaveLength(tagsOf(plain, name).length); // prettier-ignore
      expect(text.match(/<\/title>/g)).toHaveLength(1);
    });

    it('says that a trace is not here to people as a page, to programs as a problem', async () => {
      for (const id of ['0'.repeat(64), 'nothing']) {
        const page = await request(base, `/t/${id}`, { headers: HTML });
        expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8']);
        expect(page.headers.get('Content-Security-Policy')).toMatch(
          /^default-src 'none'; style-src 'sha256-/,
        );
        expect(page.headers.get('Cache-Control')).toBe('no-store');
        expect(page.text).toContain('there is no such trace');
        expectProblem(await request(base, `/t/${id}`), 404, 'not-found', /no such trace/);
      }
    });
  });

  describe('/e/ID', () => {
    it('is the widget on the trace, with its picture inside, and may be framed', async () => {
      const { id, url } = await stored(base);
      const page = await request(base, `/e/${id}`, { headers: HTML });
      expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
      const policy = page.headers.get('Content-Security-Policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toMatch(/frame-ancestors \*$/);
      expect(page.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
      expect(page.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
      expect(page.headers.get('X-Frame-Options')).toBeNull();
      expect(tagsOf(page.text, 'residscope-lens')).toEqual([{ trace: id }]);
      expect(tagsOf(page.text, 'a')[0]).toMatchObject({ href: url });
      const files = ['script', 'link', 'img'].flatMap((tag) => tagsOf(page.text, tag).map(({ src, href }) => src ?? href ?? '')); // prettier-ignore
      for (const file of files.filter((path) => path.startsWith('/'))) {
        expect([file, (await request(base, file)).status]).toEqual([file, 200]);
      }
      expect(files.filter((path) => !path.startsWith('/'))).toEqual([url]);
      expect((await request(base, `/e/${id}`, { method: 'HEAD' })).status).toBe(200);
      expect((await request(base, `/t/${id}`)).headers.get('Content-Security-Policy')).toMatch(/frame-ancestors 'none'/); // prettier-ignore
    });

    it('shows hostile texts as text', async () => {
      const { id } = await stored(base, await hostile());
      const { status, text } = await request(base, `/e/${id}`);
      expect(status).toBe(200);
      const [image] = tagsOf(text, 'img');
      expect(image?.['src']).toBe(`/v1/traces/${id}/card.svg`);
      expectHarmless(text.replace(/<img [^>]*>/, ''));
      expect([text.match(/<img\b/g), text.match(/<\/title>/g)].map((found) => found?.length)).toEqual([1, 1]);
      expect(text).not.toContain('\u202e');
    });

    it('says in its frame that a trace is not here', async () => {
      const page = await request(base, `/e/${'0'.repeat(64)}`, { headers: HTML });
      expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.headers.get('Content-Security-Policy')).toMatch(/frame-ancestors \*$/);
      expect(page.text).toContain('there is no such trace');
      expectProblem(await request(base, `/e/${'0'.repeat(64)}`), 404, 'not-found', /no such trace/);
    });
  });

  describe('oEmbed', () => {
    const embed = (url: string, more: Record<string, string> = {}) =>
      request(base, `/oembed?${new URLSearchParams({ url, ...more }).toString()}`);

    it('is found from the page, and shows the widget in a frame', async () => {
      const { id, url } = await stored(base);
      const page = await request(base, `/t/${id}`, { headers: HTML });
      const link = tagsOf(page.text, 'link').find(({ type }) => type === 'application/json+oembed');
      expect(link).toMatchObject({ rel: 'alternate', title: `“${PROMPT}” in fable-4m, layer by layer` });
      const found = new URL(link?.['href'] ?? '');
      expect(found.origin).toBe(base());
      const answer = await request(base, found.pathname + found.search);
      expect(answer.status).toBe(200);
      expectOpen(answer);
      const { html, ...rest } = answer.json as { html: string };
      expect(rest).toEqual({
        version: '1.0',
        type: 'rich',
        title: link?.['title'],
        provider_name: 'Residscope',
        provider_url: `${base()}/`,
        width: 800,
        height: 462,
        cache_age: 3600,
        thumbnail_url: `${base()}/v1/traces/${id}/card.png`,
        thumbnail_width: 1200,
        thumbnail_height: 630,
      });
      const [frame] = tagsOf(html, 'iframe');
      expect(frame).toMatchObject({ title: link?.['title'], width: '800', height: '462' });
      expect(frame?.['src']).toBe(url.replace('/t/', '/e/'));
      const framed = await request(base, `/e/${id}`);
      expect(framed.headers.get('Content-Security-Policy')).toMatch(/; frame-ancestors \*$/);
    });

    it.each([
      [{ maxwidth: '600' }, 'iframe', 600, 462],
      [{ maxheight: '315' }, 'iframe', 800, 315],
      [{ maxwidth: '99999', maxheight: '99999' }, 'iframe', 800, 462],
      [{ maxwidth: '600', maxheight: '63' }, 'img', 120, 63],
      [{ maxwidth: '240' }, 'img', 240, 126],
      [{ maxwidth: '1' }, 'img', 1, 1],
    ] as const)('keeps within %j, as %s', async (limits: Record<string, string>, tag, width, height) => {
      const { id, url } = await stored(base);
      const { json } = await embed(`${url}?x=1#layer=3`, limits);
      expect(json).toMatchObject({ width, height });
      const { html, thumbnail_width: thumbnail } = json as { html: string; thumbnail_width?: number };
      expect(tagsOf(html, tag)[0]).toMatchObject({ width: String(width), height: String(height) });
      if (tag === 'img') {
        expect(tagsOf(html, 'a')[0]).toMatchObject({ href: url, rel: 'noopener' });
        expect(tagsOf(html, 'img')[0]?.['src']).toBe(`${base()}/v1/traces/${id}/card.svg`);
      }
      const roomy = Number(limits['maxwidth'] ?? 1200) >= 1200 && Number(limits['maxheight'] ?? 630) >= 630;
      expect(thumbnail).toBe(roomy ? 1200 : undefined);
    });

    it('refuses XML, addresses of others and sizes that are none', async () => {
      const { id, url } = await stored(base);
      expectProblem(await embed(url, { format: 'xml' }), 501, 'unsupported', /^format: expected json/);
      for (const other of [
        `https://example.org/t/${id}`,
        `${base()}.example.org/t/${id}`,
        `${base()}@example.org/t/${id}`,
        `${base()}/t/${id}/x`,
        `${base()}/t/${id.slice(1)}`,
        `${base()}/`,
        'javascript:alert(1)',
        '',
      ])
        expectProblem(await embed(other), 404, 'not-found', /^url: expected .*\/t\/ID/);
      expectProblem(await embed(`${base()}/t/${'0'.repeat(64)}`), 404, 'not-found', /no such trace/);
      for (const size of ['0', '-1', '1e3', 'wide', '12345678'])
        expectProblem(await embed(url, { maxwidth: size }), 422, 'invalid-request', /maxwidth/);
      expectProblem(await request(base, '/oembed'), 422, 'invalid-request', /url/);
    });
  });
}

/** On a server where the operator has blocked an id by its variable, keeps for ever, and has a public address. */
export function blockedCases(
  base: Base,
  blocked: { readonly id: string; readonly trace: JsonObject },
  origin: string,
): void {
  it('answers 410 wherever a blocked id is asked for, and never takes it again', async () => {
    const again = await request(base, '/v1/traces', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(blocked.trace),
    });
    for (const answer of [
      again,
      await request(base, `/v1/traces/${blocked.id}`),
      await request(base, `/v1/traces/${blocked.id}/card.svg`),
      await request(base, `/v1/traces/${blocked.id}/card.png`),
      await request(base, `/t/${blocked.id}`),
      await request(base, `/e/${blocked.id}`),
      await request(base, `/oembed?url=${encodeURIComponent(`${origin}/t/${blocked.id}`)}`),
    ])
      expectProblem(answer, 410, 'blocked', /operator of this server has taken this trace away/);
    const page = await request(base, `/t/${blocked.id}`, { headers: HTML });
    expect([page.status, page.headers.get('Content-Type')]).toEqual([410, 'text/html; charset=utf-8']);
    expect(page.text).toContain('taken away');
  });

  it('keeps others for ever, under its public address', async () => {
    const { id, url, answer } = await stored(base);
    expect(url).toBe(`${origin}/t/${id}`);
    expect(answer.json).not.toHaveProperty('expiresAt');
    const { headers } = await request(base, `/v1/traces/${id}`);
    expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, s-maxage=3600, immutable');
    const page = await request(base, `/t/${id}`);
    expect(page.text).toContain(`content="${origin}/v1/traces/${id}/card.png"`);
    expect((await request(base, `/oembed?url=${encodeURIComponent(url)}`)).status).toBe(200);
  });

  it('takes no more bytes than its variable says', async () => {
    const body = JSON.stringify({ ...blocked.trace, padding: 'x'.repeat(200_000) });
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
    expectProblem(await request(base, '/v1/traces', init), 413, 'too-large', /at most 200000 bytes/);
  });
}
