/** Hook names and globs. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../shared/errors.ts';
import { hookNames, matchesGlob, selectHooks, type HookShape } from '../../shared/hooks.ts';

const SHAPE: HookShape = {
  nLayers: 2,
  blockHooks: ['hook_resid_pre', 'attn.hook_pattern', 'hook_resid_post'],
  outerHooks: ['hook_embed', 'hook_pos_embed', 'ln_final.hook_normalized', 'logits'],
};

describe('hooks', () => {
  it('come in the order of computation', () => {
    expect(hookNames(SHAPE)).toEqual([
      'hook_embed',
      'hook_pos_embed',
      'blocks.0.hook_resid_pre',
      'blocks.0.attn.hook_pattern',
      'blocks.0.hook_resid_post',
      'blocks.1.hook_resid_pre',
      'blocks.1.attn.hook_pattern',
      'blocks.1.hook_resid_post',
      'ln_final.hook_normalized',
      'logits',
    ]);
  });

  it.each([
    ['*', 'anything', true],
    ['', '', true],
    ['blocks.*.hook_resid_post', 'blocks.11.hook_resid_post', true],
    ['blocks.*.hook_resid_post', 'blocks.1.hook_resid_pre', false],
    ['blocks.1.*', 'blocks.10.hook_z', false],
    ['*hook_*', 'blocks.0.attn.hook_z', true],
    ['a*a', 'a', false],
    ['a.b', 'axb', false],
    ['*.hook_q', 'hook_q', false],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  it('a hostile glob ends, in steps that grow with its length and no faster', () => {
    expect(matchesGlob(`${'*a'.repeat(5000)}*b`, 'a'.repeat(20_000))).toBe(false);
  });

  it('selects each once, in order, and refuses a glob that selects nothing', () => {
    expect(selectHooks(['logits', 'blocks.1.*', 'blocks.*.hook_resid_post'], SHAPE)).toEqual([
      'blocks.0.hook_resid_post',
      'blocks.1.hook_resid_pre',
      'blocks.1.attn.hook_pattern',
      'blocks.1.hook_resid_post',
      'logits',
    ]);
    expect(selectHooks([], SHAPE)).toEqual([]);
    expect(() => selectHooks(['logits', 'blocks.2.*'], SHAPE)).toThrow(InputError);
    expect(() => selectHooks(['blocks.*.hook_rot_q'], SHAPE)).toThrow(
      '"blocks.*.hook_rot_q" selects nothing',
    );
  });
});
