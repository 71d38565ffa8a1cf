/** What can go wrong on the page: each ends in a clear message with a way out, and the next run works. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

describePage('page in trouble', { webgpu: false }, (stage) => {
  const open = (fragment: string): Promise<Visit> => stage.open(fragment);

  async function worksNow(visit: Visit): Promise<void> {
    await visit.ask('The capital of France is');
    expect(await visit.text(7, 5)).toBe('·Paris');
    expect(visit.complaints).toEqual([]);
    await visit.end();
  }

  it('an empty prompt', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    await visit.page.getByRole('heading', { name: 'Nothing has run yet' }).waitFor();
    await visit.run.click();
    await visit.state('error');
    await visit.page.getByRole('alert').getByText('Type a sentence').waitFor();
    await visit.page.getByRole('alert').getByRole('button', { name: 'Run an example' }).click();
    await visit.state('done');
    expect(await visit.text(7, 8)).toBe('·Paris');
    await worksNow(visit);
  });

  it('a prompt longer than the context', async () => {
    const visit = await open('#prompt=A');
    await visit.state('done');
    await visit.prompt.fill('stone river moon fish '.repeat(100));
    await visit.run.click();
    await visit.state('error');
    await visit.page.getByRole('alert').getByText('fable-4m reads 256 at most').waitFor();
    await visit.page.getByRole('button', { name: 'Run the beginning' }).click();
    await visit.state('done');
    expect(Number(await visit.grid.getAttribute('aria-colcount'))).toBe(1 + 256);
    await worksNow(visit);
  });

  it('16 kB of emoji, and more than that', async () => {
    const visit = await open('#prompt=A');
    await visit.state('done');
    await visit.prompt.fill('🌊'.repeat(4096));
    await visit.run.click();
    await visit.state('error');
    await visit.page
      .getByRole('alert')
      .getByText(/tokens, and fable-4m reads 256 at most/)
      .waitFor();
    await visit.prompt.fill('🌊'.repeat(5000));
    await visit.run.click();
    await visit.page.getByRole('alert').getByText('20,000 bytes').waitFor();
    await visit.page.getByRole('button', { name: 'Run the beginning' }).click();
    await visit.state('done');
    expect(Number(await visit.grid.getAttribute('aria-colcount'))).toBeGreaterThan(200);
    expect((await visit.prompt.inputValue()).replaceAll('🌊', '')).toBe('');
    await worksNow(visit);
  });

  it('NUL and halves of characters', async () => {
    const visit = await open('#prompt=A');
    await visit.state('done');
    // Typed inside the page: on the way there the halves would be replaced.
    await visit.prompt.evaluate((box: HTMLTextAreaElement) => {
      box.value = 'a\u0000b \ud83d c \udf0a';
      box.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
    });
    await visit.run.click();
    await visit.state('done');
    await visit.page.getByText('2 halves of characters (unpaired surrogates) read as U+FFFD').waitFor();
    const tokens = await visit.page.getByRole('list', { name: 'Tokens' }).textContent();
    expect(tokens).toContain('␀');
    expect(Number(await visit.grid.getAttribute('aria-colcount'))).toBeGreaterThan(6);
    await worksNow(visit);
  });

  it('text that would be markup stays text', async () => {
    const visit = await open('#prompt=A');
    await visit.state('done');
    await visit.ask('<img src=x onerror=alert(1)> & <b>bold</b>');
    expect(await visit.page.locator('img[src], b:text("bold")').count()).toBe(0);
    await worksNow(visit);
  });

  it('a model that is not there', async () => {
    const visit = await open('#model=nobody&prompt=The%20dog');
    await visit.state('error');
    const alert = visit.page.getByRole('alert');
    await alert.getByRole('heading', { name: 'No such model' }).waitFor();
    await alert.getByText('"nobody"').waitFor();
    await alert.getByRole('button', { name: 'Use fable-4m' }).click();
    await visit.state('done');
    expect(visit.page.url()).toContain('model=fable-4m');
    await worksNow(visit);
  });

  it('WebGPU that is asked for and not there', async () => {
    const visit = await open('#device=webgpu&prompt=The%20capital%20of%20France%20is');
    await visit.state('error');
    await visit.page.getByRole('alert').getByText('WebGPU').first().waitFor();
    await visit.page.getByRole('button', { name: 'Run on wasm instead' }).click();
    await visit.state('done');
    expect(visit.page.url()).toContain('device=wasm');
    await worksNow(visit);
  });

  it('ids that the model does not have, and an address of nonsense', async () => {
    const visit = await open('#ids=0,99999');
    await visit.state('error');
    await visit.page.getByRole('alert').getByText('token 99999').waitFor();
    await visit.end();
    const other = await open(
      '#model=fable-4m&prompt=The%20dog&layer=99&pos=-3&pins=a,b&device=abacus&color=red',
    );
    await other.state('done');
    await worksNow(other);
  });

  it('weights that break off', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    await visit.page.route('**/model.safetensors', (route) => route.abort());
    await visit.prompt.fill('The dog');
    await visit.run.click();
    await visit.state('error');
    await visit.page.getByRole('alert').getByRole('heading', { name: 'The download failed' }).waitFor();
    await visit.page.unroute('**/model.safetensors');
    // What the browser itself logs about the broken download.
    visit.complaints.length = 0;
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await visit.state('done');
    await worksNow(visit);
  });

  it('a run that is cancelled while the weights are on their way', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    let release = (): void => undefined;
    const opened = new Promise<void>((resolve) => (release = resolve));
    await visit.page.route('**/model.safetensors', async (route) => {
      await opened;
      await route.continue();
    });
    await visit.prompt.fill('The dog');
    await visit.run.click();
    await visit.page.getByRole('progressbar').waitFor();
    await visit.page.getByRole('button', { name: 'Cancel' }).click();
    await visit.state('done');
    await visit.page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    release();
    await worksNow(visit);
  });

  it('a worker that dies in the middle of a run', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    await visit.page.route('**/model.safetensors', () => undefined); // never answered
    await visit.prompt.fill('The dog');
    const [worker] = await Promise.all([visit.page.waitForEvent('worker'), visit.run.click()]);
    await visit.page.getByRole('progressbar').waitFor();
    // As when the browser ends it for its memory, as far as the page can tell.
    await worker.evaluate(() => {
      setTimeout(() => {
        throw new Error('out of everything');
      });
    });
    await visit.state('error');
    await visit.page.getByRole('alert').getByText('The engine’s worker stopped').waitFor();
    await visit.page.unroute('**/model.safetensors');
    visit.complaints.length = 0; // the browser's own report of the thread's end
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await visit.state('done');
    await worksNow(visit);
  });
});
