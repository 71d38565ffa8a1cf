/**
 * Hook names, TransformerLens's own, and the globs that select them. A name here is a contract: other people's
 * notebooks index by it.
 */
import { InputError } from './errors.ts';

/** Hooks of one block, without the `blocks.L.` in front, in the order in which a block computes them. */
export const BLOCK_HOOKS = [
  'hook_resid_pre',
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_rot_q',
  'attn.hook_rot_k',
  'attn.hook_attn_scores',
  'attn.hook_pattern',
  'attn.hook_z',
  'attn.hook_result',
  'hook_attn_out',
  'hook_resid_mid',
  'mlp.hook_pre',
  'mlp.hook_post',
  'hook_mlp_out',
  'hook_resid_post',
] as const;
export type BlockHook = (typeof BLOCK_HOOKS)[number];

/** Hooks outside the blocks. */
export const OUTER_HOOKS = ['hook_embed', 'hook_pos_embed', 'ln_final.hook_normalized', 'logits'] as const;
export type OuterHook = (typeof OUTER_HOOKS)[number];

/** `blocks.3.attn.hook_z` */
export function blockHookName(layer: number, hook: BlockHook): string {
  return `blocks.${layer}.${hook}`;
}

/** What a model of a given shape can give; a spec answers this. */
export interface HookShape {
  readonly nLayers: number;
  readonly blockHooks: readonly BlockHook[];
  readonly outerHooks: readonly OuterHook[];
}

/** Every hook name of a model, in the order of computation. */
export function hookNames({ nLayers, blockHooks, outerHooks }: HookShape): string[] {
  const before = outerHooks.filter((h) => h === 'hook_embed' || h === 'hook_pos_embed');
  const after = outerHooks.filter((h) => h === 'ln_final.hook_normalized' || h === 'logits');
  const blocks = Array.from({ length: nLayers }, (_, l) => blockHooks.map((h) => blockHookName(l, h)));
  return [...before, ...blocks.flat(), ...after];
}

/** `*` stands for any run of characters; all else is literal. Iterative, so that no pattern is slow. */
export function matchesGlob(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return pattern === name;
  if (!name.startsWith(first)) return false;
  const last = parts[parts.length - 1] ?? '';
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/**
 * The model's hooks that any of the globs selects, in the order of computation.
 *
 * @throws {InputError} when a glob selects nothing: a misspelt hook must not pass for an empty result.
 */
export function selectHooks(globs: readonly string[], shape: HookShape): string[] {
  const names = hookNames(shape);
  for (const glob of globs) {
    if (!names.some((name) => matchesGlob(glob, name))) {
      const known = [...shape.outerHooks, ...shape.blockHooks.map((h) => `blocks.L.${h}`)].join(', ');
      throw new InputError(
        `hooks: "${glob}" selects nothing in this model (${shape.nLayers} layers). It has: ${known}`,
      );
    }
  }
  return names.filter((name) => globs.some((glob) => matchesGlob(glob, name)));
}
