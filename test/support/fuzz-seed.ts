/**
 * What fast-check draws is the same in every run, so that a red run is red again; FUZZ_SEED=random (or a number) draws
 * something else.
 */
import fc from 'fast-check';

const asked = process.env['FUZZ_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: asked === undefined ? 20_261_123 : Number(asked) });
