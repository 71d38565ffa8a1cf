/** The widget where it isn't at home: policies, styles, contents and servers as other people have them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/formats/json.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { browserMissing } from '../support/browser.ts';
import { hostPages, type HostPages } from '../support/host-pages.ts';
import { realTrace } from '../support/real-trace.ts';
import type { Visit } from '../support/visit.ts';
import { heard, painted, told, WidgetStage } from '../support/widget-stage.ts';

const missing = await browserMissing();
const JSON_TYPE = 'application/json';
const OPEN = { 'access-control-allow-origin': '*' };

/** Markup, scripts and what turns text around, in every text of a trace. */
const EVIL = `</script><script>hurt=1</script><img src=x onerror="hurt=2"><svg onload="hurt=3">"'\`\u202e\u0000`;

async function hostile(): Promise<JsonObject> {
  const trace = (await realTrace()) as Record<'model' | 'prompt' | 'tokens', Record<string, unknown>>;
  const texts = (list: unknown): string[] => (list as string[]).map((text, i) => `${EVIL}${text}${i}`);
  return {
    ...trace,
    model: { ...trace.model, id: EVIL },
    prompt: { ...trace.prompt, pieces: texts(trace.prompt['pieces']) },
    tokens: { ...trace.tokens, texts: texts(trace.tokens['texts']) },
  };
}

/** How the table looks to a reader: sizes and colours of its cells, and the font's. */
function looks({ page }: Visit): Promise<unknown> {
  return page.locator('residscope-lens').evaluate((element) => {
    const root = element.shadowRoot;
    const cells = [...(root?.querySelectorAll('td, th, .prompt, .sentence, .button') ?? [])];
    return cells.map((cell) => {
      const style = getComputedStyle(cell);
      const { width, height } = cell.getBoundingClientRect();
      const { color, backgroundColor, fontFamily, fontSize, letterSpacing, textTransform, textAlign } = style;
      return [width, height, color, backgroundColor, fontFamily, fontSize, letterSpacing, textTransform, textAlign].join(); // prettier-ignore
    });
  });
}

describe.skipIf(missing !== undefined)(
  `the widget elsewhere${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let stage: WidgetStage;
    let third: HostPages;
    beforeAll(async () => {
      [stage, third] = await Promise.all([WidgetStage.start(), hostPages()]);
    });
    afterAll(() => Promise.all([stage.end(), third.close()]));

    const lens = (more = ''): string => `<residscope-lens trace="${stage.id}" ${more}></residscope-lens>`;
    /** What docs/embed.md asks of a host page, and nothing more. */
    const policy = (without?: string): Record<string, string> => {
      const rules = {
        'default-src': "'none'",
        'script-src': `'nonce-host' ${stage.server.url}`,
        'connect-src': stage.server.url,
        'frame-src': stage.server.url,
        'img-src': 'data:',
        'require-trusted-types-for': "'script'",
      };
      const kept = Object.entries(rules).filter(([name]) => name !== without);
      return { 'content-security-policy': kept.map((rule) => rule.join(' ')).join('; ') };
    };

    it('needs three lines of a strict policy, and no style, for everything, live runs too', async () => {
      const visit = await stage.open(lens(), { headers: policy() });
      await painted(visit);
      await visit.cell(4, 8).click();
      await visit.page.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      await visit.page.getByRole('button', { name: 'Run live' }).click();
      await heard(visit.page, 'residscope-run');
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });

    it('says which line of the policy is missing', async () => {
      const unframed = await stage.open(lens(), { headers: policy('frame-src') });
      await painted(unframed);
      await unframed.page.getByRole('button', { name: 'Run live' }).click();
      const { detail } = await heard(unframed.page, 'residscope-error');
      expect(detail).toEqual({
        kind: 'network',
        message: `live: the engine of ${new URL(stage.server.url).host} can’t be used here: this page’s content policy forbids it (add ${stage.server.url} to frame-src)`,
      });
      await painted(unframed); // the table stays
      await unframed.end();
      const deaf = await stage.open(lens(), { headers: policy('connect-src') });
      const alert = deaf.page.getByRole('alert');
      await expect(alert.textContent()).resolves.toMatch(/or this page’s policy forbids it \(connect-src\)/);
      await deaf.end();
    });

    it('looks the same under hostile styles', async () => {
      const plain = await stage.open(lens());
      await painted(plain);
      const hostileStyle = `<style>* { all: unset !important; } *, residscope-lens { font: italic 40px/3 fantasy !important; color: red !important; background: lime !important; letter-spacing: 9px !important; text-transform: uppercase !important; text-align: right !important; direction: rtl !important; word-spacing: 2em !important; text-indent: 5em !important; --mono: fantasy; --ink: red; --rs-ink: red; --page: lime } td, th, button, p { display: none !important } head, script, style { display: none !important } main { display: block !important }</style>`;
      const styled = await stage.open(lens(), { head: hostileStyle });
      await painted(styled);
      const width = await plain.page.locator('residscope-lens').evaluate((e) => e.getBoundingClientRect().width); // prettier-ignore
      await styled.page.locator('main').evaluate((main, wide) => {
        main.style.setProperty('width', `${wide}px`, 'important');
      }, width);
      await styled.page.locator('residscope-lens').evaluate((e) => e.setAttribute('layers', '0-7,emb'));
      await plain.page.locator('residscope-lens').evaluate((e) => e.setAttribute('layers', '0-7,emb'));
      await expect.poll(() => looks(styled)).toEqual(await looks(plain));
      await Promise.all([plain.end(), styled.end()]);
    });

    it('reads a trace of a third origin that lets others read, and says so when it does not', async () => {
      const body = JSON.stringify(await realTrace());
      third.put('/open.json', { body, type: JSON_TYPE, headers: OPEN });
      third.put('/closed.json', { body, type: JSON_TYPE });
      const visit = await stage.open(`<residscope-lens trace="${third.origin}/open.json"></residscope-lens>`);
      await painted(visit);
      await visit.end();
      const refused = await stage.open(
        `<residscope-lens trace="${third.origin}/closed.json"><p>a plain table</p></residscope-lens>`,
      );
      await expect(refused.page.getByRole('alert').textContent()).resolves.toContain(
        `trace: ${new URL(third.origin).host} can’t be reached, or lets no other page read it (CORS)`,
      );
      await expect(refused.page.getByText('a plain table').isVisible()).resolves.toBe(true);
      third.put('/closed.json', { body, type: JSON_TYPE, headers: OPEN });
      await refused.page.getByRole('button', { name: 'Try again' }).click();
      await painted(refused);
      await refused.end();
    });

    it('stands ten times in a page, each by itself', async () => {
      const visit = await stage.open(
        Array.from({ length: 10 }, (_, i) => lens(`layers="0-${i % 8}"`)).join(''),
      );
      await expect.poll(() => visit.grid.count(), { timeout: 20_000 }).toBe(10);
      const rows = await visit.grid.evaluateAll((grids) => grids.map((grid) => grid.querySelectorAll('tbody tr').length)); // prettier-ignore
      expect(rows).toEqual(Array.from({ length: 10 }, (_, i) => (i % 8) + 1));
      expect(visit.strangers.filter((url) => url.endsWith('/embed.js'))).toHaveLength(1);
      await visit.grid.nth(3).getByRole('gridcell').first().click();
      await expect(visit.page.getByRole('img', { name: /^Probability by layer/ }).count()).resolves.toBe(1);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });

    it('shows markup and scripts in tokens as text, and runs nothing', async () => {
      third.put('/evil.json', { body: JSON.stringify(await hostile()), type: JSON_TYPE, headers: OPEN });
      const visit = await stage.open(`<residscope-lens trace="${third.origin}/evil.json"></residscope-lens>`);
      await painted(visit);
      await visit.cell(7, 3).click();
      await visit.page.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      await visit.cell(6, 3).hover();
      await visit.page.getByRole('tooltip').waitFor();
      const inside = await visit.page.locator('residscope-lens').evaluate(({ shadowRoot: root }) => ({
        strangers: [...(root?.querySelectorAll('script, img, svg[onload], iframe, a[href^="javascript"]') ?? [])].length, // prettier-ignore
        handlers: [...(root?.querySelectorAll('*') ?? [])].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on')), // prettier-ignore
        text: root?.textContent ?? '',
      }));
      expect([inside.strangers, inside.handlers]).toEqual([0, []]);
      expect(inside.text).toContain('<script>hurt=1</script>');
      expect(['\u202e', '\u0000'].filter((c) => inside.text.includes(c))).toEqual([]);
      expect(await visit.page.evaluate(() => 'hurt' in globalThis)).toBe(false);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });

    const broken: readonly (readonly [string, (trace: JsonObject) => string, RegExp])[] = [
      ['no JSON', () => '<!doctype html>', /trace: expected JSON, got text that is none/],
      ['cut off', (trace) => JSON.stringify(trace).slice(0, 9000), /trace: expected JSON/],
      [
        'of another version',
        (trace) => JSON.stringify({ ...trace, version: 2 }),
        /trace: version: expected 1 /,
      ],
      ['without a lens', (trace) => JSON.stringify({ ...trace, lens: {} }), /trace: lens\./],
      [
        'too large',
        (trace) => JSON.stringify({ ...trace, padding: 'x'.repeat(9e6) }),
        /at most 8388608 bytes/,
      ],
    ];
    it.each(broken)(
      'a trace that is %s is refused with the place, and what is inside stays',
      async (_, make, message) => {
        third.put('/broken.json', { body: make(await realTrace()), type: JSON_TYPE, headers: OPEN });
        const visit = await stage.open(
          `<residscope-lens trace="${third.origin}/broken.json"><p>a plain table</p></residscope-lens>`,
        );
        const { detail } = await heard(visit.page, 'residscope-error');
        expect(detail).toMatchObject({ kind: 'format', message: expect.stringMatching(message) as string });
        await expect(visit.page.getByRole('alert').textContent()).resolves.toMatch(message);
        await expect(visit.page.getByText('a plain table').isVisible()).resolves.toBe(true);
        await visit.end();
      },
    );

    it('says that a host can’t be reached, with a way to try again', async () => {
      const gone = await hostPages();
      await gone.close();
      const visit = await stage.open(
        `<residscope-lens trace="${gone.origin}/x.json"></residscope-lens><residscope-lens host="${gone.origin}" model="fable-4m" prompt="Hello"></residscope-lens>`,
      );
      await visit.page.getByRole('button', { name: 'Try again' }).waitFor();
      await visit.page.getByRole('button', { name: 'Run live' }).click();
      const { detail } = await heard(visit.page, 'residscope-error', 2);
      expect(detail['message']).toMatch(
        /^live: the engine of localhost:\d+ can’t be used here: it can’t be reached/,
      );
      await visit.end();
    });

    it('runs live in a page that isolates itself', async () => {
      const headers = {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      };
      const visit = await stage.open(lens(), { headers });
      await painted(visit);
      expect(await visit.page.evaluate(() => crossOriginIsolated)).toBe(true);
      await visit.page.getByRole('button', { name: 'Run live' }).click();
      const { detail } = await heard(visit.page, 'residscope-run');
      expect(decodeTrace(detail['trace']).device?.name).toBe('wasm');
      expect((await told(visit.page)).some(({ type }) => type === 'residscope-error')).toBe(false);
      await visit.end();
    });

    it('runs live on WebGPU from another origin', async () => {
      const gpu = await WidgetStage.start({ webgpu: true });
      try {
        const visit = await gpu.open(`<residscope-lens trace="${gpu.id}" device="webgpu"></residscope-lens>`);
        await painted(visit);
        await visit.page.getByRole('button', { name: 'Run live' }).click();
        const { detail } = await heard(visit.page, 'residscope-run');
        const live = decodeTrace(detail['trace']);
        expect(live.device?.name).toBe('webgpu');
        const stored = decodeTrace(await realTrace());
        const tops = ({ lens: { topIds, k } }: typeof live): number[] =>
          [...topIds].filter((_, i) => i % k === 0);
        expect(tops(live)).toEqual(tops(stored));
        await visit.end();
      } finally {
        await gpu.end();
      }
    }, 300_000);
  },
);
