/** What the page tells of a run: time by stage, memory by thread. */
import { describe, expect, it } from 'vitest';
import { StageClock } from '../../engine/stage-clock.ts';
import { measureMemory } from '../../site/controllers/memory.ts';

describe('time by stage', () => {
  it('counts every moment to the stage that was on', () => {
    let now = 100;
    const clock = new StageClock(() => now);
    now = 103;
    clock.to('blocks');
    now = 110;
    clock.to('lens');
    now = 111;
    clock.to('blocks');
    now = 115;
    expect(clock.read()).toEqual({ begin: 3, blocks: 11, lens: 1, compare: 0, checks: 0, reader: 0 });
    now = 120;
    expect(clock.read().blocks).toBe(16);
  });
});

describe('memory', () => {
  const measured = {
    bytes: 70,
    breakdown: [
      { bytes: 20, attribution: [{ scope: 'Window' }] },
      { bytes: 40, attribution: [{ scope: 'DedicatedWorkerGlobalScope' }] },
      { bytes: 10, attribution: [] },
    ],
  };

  it('tells what the engine’s thread holds of it', async () => {
    const measureUserAgentSpecificMemory = () => Promise.resolve(measured);
    expect(await measureMemory({ measureUserAgentSpecificMemory })).toEqual({
      total: 70,
      workers: 40,
    });
  });

  it('takes the page’s own thread where the browser refuses more, or says nothing', async () => {
    const measureUserAgentSpecificMemory = () =>
      Promise.reject(new DOMException('not isolated', 'SecurityError'));
    const memory = { usedJSHeapSize: 5 };
    expect(await measureMemory({ measureUserAgentSpecificMemory, memory })).toEqual({
      total: 5,
      workers: undefined,
    });
    expect(await measureMemory({})).toBeUndefined();
  });
});
