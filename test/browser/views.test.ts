/** The views together: a link brings every one back as it was, and going through the tabs asks nothing twice. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The capital of France is';
const OTHER = 'The capital of Japan is';
const text = encodeURIComponent;

/** Every field of the address that the page writes, in the order in which it writes them, none at its default. */
const RUN = `#model=fable-4m&prompt=${text(PROMPT)}&device=wasm&bos=1`;
const OPTIONS = [
  ...['score=induction', 'compose=k', 'off=h4.2', 'of=300-mean'],
  ...['neuron=6.300', 'writes=all', 'triggers=lowest'],
  ...['heads=all', 'weights=value', 'by=previous', 'combine=mean', 'centred=0', 'states=mid,all'],
  ...[
    `compare=${text(OTHER)}`,
    'compare-by=rank',
    'compare-of=out-b',
    'compare-layers=index',
    'compare-at=3.2',
  ],
].join('&');
const LENS = 'mid=1&layer=5&pos=3&head=1&half=1&pins=300,301-302&color=rank&target=input&order=first-on-top';

describePage('views', { webgpu: false }, (stage) => {
  async function open(fragment: string): Promise<Visit> {
    const visit = await stage.open(fragment);
    await visit.state('done');
    return visit;
  }

  it.each(['lens', 'attention', 'directions', 'compare'])(
    'a link to %s brings back all fields, and the page writes the same link again',
    async (view) => {
      const named = view === 'lens' ? '' : `view=${view}&`;
      const fragment = `${RUN}&${named}${OPTIONS}&${LENS}`;
      const visit = await open(fragment);
      const { page } = visit;
      const checked = (name: string): Promise<boolean> => page.getByRole('radio', { name }).isChecked();
      if (view === 'attention') {
        await page.getByRole('heading', { name: /All layers/ }).waitFor();
        expect(await checked('value-weighted')).toBe(true);
        expect(await page.getByRole('combobox', { name: 'Coloured by' }).inputValue()).toBe('previous');
      } else if (view === 'directions') {
        await page.getByText('no match is defined').waitFor();
        expect(await page.getByRole('checkbox', { name: 'centred' }).first().isChecked()).toBe(false);
        expect(await page.getByRole('checkbox', { name: 'mid-block' }).first().isChecked()).toBe(true);
      } else if (view === 'compare') {
        await page.getByText(/easier/).waitFor();
        expect(await checked('rank')).toBe(true);
        expect(await page.getByRole('combobox', { name: 'Whose' }).inputValue()).toBe('out-b');
        const chosen = page.getByRole('gridcell', { name: /^Layer 2, column 2 /, selected: true });
        expect(await chosen.count()).toBe(1);
      } else {
        expect(await checked('rank')).toBe(true);
        expect(await checked('first on top')).toBe(true);
      }
      // Something small changes, so that the page writes its address; then it is changed back.
      await page.evaluate(() => history.replaceState(null, '', '#none'));
      await page.getByRole('tab', { name: 'Fitted lens' }).click();
      const back =
        { lens: 'Lens', attention: 'Attention', directions: 'Directions', compare: 'Compare' }[view] ?? '';
      await page.getByRole('tab', { name: back, exact: true }).click();
      await expect
        .poll(() => decodeURIComponent(new URL(page.url()).hash))
        .toBe(decodeURIComponent(fragment));
      expect(visit.complaints).toEqual([]);
      await visit.end();
    },
  );

  it('through all tabs and back: what was read stays, and nothing is asked twice', async () => {
    const visit = await open(`${RUN}&compare=${text(OTHER)}`);
    const { page } = visit;
    await page.evaluate(() => {
      const asked: string[] = [];
      (globalThis as { asked?: string[] }).asked = asked;
      const post = Reflect.get<Worker, 'postMessage'>(Worker.prototype, 'postMessage') as (
        this: Worker,
        ...given: unknown[]
      ) => void;
      Worker.prototype.postMessage = function (this: Worker, ...given: unknown[]): void {
        asked.push((given[0] as { type?: string }).type ?? '');
        post.apply(this, given);
      };
    });
    const asked = (): Promise<string[]> =>
      page.evaluate(() => (globalThis as { asked?: string[] }).asked ?? []);
    const through = async (): Promise<void> => {
      const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click();
      await tab('Attention');
      await page.getByRole('heading', { name: /^Layer \d+ /, level: 2 }).waitFor();
      await tab('Directions');
      await page.getByText('the first component has').waitFor();
      await tab('Compare');
      await page.getByText(/easier/).waitFor();
      await tab('Lens');
    };
    await through();
    const once = await asked();
    // The table's run stands: each view asked its own question, and no other run.
    expect(once).not.toContain('run');
    expect(once.filter((type) => type === 'attention')).toHaveLength(1);
    expect(once.filter((type) => type === 'directions')).toHaveLength(1);
    // Both outputs first, then a row at a time.
    expect(once.filter((type) => type === 'compareCells')).toHaveLength(10);
    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByRole('radio', { name: 'entropy' }).check();
    await through();
    await page.getByRole('tab', { name: 'Compare' }).click();
    expect(await page.getByRole('radio', { name: 'entropy' }).isChecked()).toBe(true);
    expect((await asked()).slice(once.length)).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});
