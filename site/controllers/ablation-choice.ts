/**
 * What the reader took out, as text for the address and back: `h4.2,a3,m5,n3.120~mean`. After the tilde `mean` or a
 * factor; without one, zero.
 */
import type { Ablation, AblationUnit } from '../../shared/ablation.ts';

export interface ModelShape {
  readonly nLayers: number;
  readonly nHeads: number;
  readonly dMlp: number;
}

export type Choice = Pick<Ablation, 'units' | 'how'>;

/** Units that one choice may hold. */
const MOST = 256;
/** A factor's largest size. */
export const MOST_FACTOR = 100;

export const NOTHING: Choice = { units: [], how: 'zero' };

/** What is wrong or not in the model is passed over. */
export function readChoice(text: string | undefined, shape: ModelShape): Choice {
  const [list = '', how] = (text ?? '').split('~');
  const units = new Map<string, AblationUnit>();
  for (const part of list.split(',')) {
    const unit = readUnit(part.trim(), shape);
    if (unit && units.size < MOST) units.set(codeOf(unit), unit);
  }
  const factor = how === undefined || how === '' || how === 'mean' ? NaN : Number(how);
  return {
    units: [...units.values()],
    how: how === 'mean' ? 'mean' : Math.abs(factor) <= MOST_FACTOR ? { factor } : 'zero',
  };
}

/** Undefined for nothing at all. */
export function writeChoice({ units, how }: Choice): string | undefined {
  const tail = how === 'zero' ? '' : how === 'mean' ? '~mean' : `~${how.factor}`;
  return units.length === 0 && tail === '' ? undefined : `${units.map(codeOf).join(',')}${tail}`;
}

/** `h4.2`: its code; the same for equal units. */
export function codeOf(unit: AblationUnit): string {
  if (unit.kind === 'head') return `h${unit.layer}.${unit.head}`;
  if (unit.kind === 'neuron') return `n${unit.layer}.${unit.neuron}`;
  return `${unit.kind === 'attn' ? 'a' : 'm'}${unit.layer}`;
}

/** `head 4.2`, `attention 3`, `MLP 5`, `neuron 3.120` */
export function unitName(unit: AblationUnit): string {
  if (unit.kind === 'head') return `head ${unit.layer}.${unit.head}`;
  if (unit.kind === 'neuron') return `neuron ${unit.layer}.${unit.neuron}`;
  return `${unit.kind === 'attn' ? 'attention' : 'MLP'} ${unit.layer}`;
}

/** With the unit where it was missing, without it where it was there. */
export function toggled({ units, how }: Choice, unit: AblationUnit): Choice {
  const code = codeOf(unit);
  const rest = units.filter((one) => codeOf(one) !== code);
  return { units: rest.length < units.length ? rest : [...units, unit].slice(-MOST), how };
}

/** `at zero`, `at their mean`, `times 0.5` */
export function howSaid(how: Choice['how']): string {
  return how === 'zero' ? 'at zero' : how === 'mean' ? 'at the mean' : `times ${how.factor}`;
}

/** For a trace's list of interventions: one a unit. */
export function traceInterventions({ units, how }: Choice): readonly { readonly kind: string }[] {
  return units.map((unit) => ({
    kind: 'ablation',
    unit: { ...unit },
    ...(typeof how === 'object' ? { how: 'factor', factor: how.factor } : { how }),
  }));
}

function readUnit(text: string, { nLayers, nHeads, dMlp }: ModelShape): AblationUnit | undefined {
  const match = /^([hamn])(\d{1,4})(?:\.(\d{1,6}))?$/.exec(text);
  const [, kind, first, second] = match ?? [];
  const layer = Number(first);
  if (!kind || layer >= nLayers) return undefined;
  if (kind === 'a' || kind === 'm') {
    return second === undefined ? { kind: kind === 'a' ? 'attn' : 'mlp', layer } : undefined;
  }
  const unit = second === undefined ? NaN : Number(second);
  if (kind === 'h') return unit < nHeads ? { kind: 'head', layer, head: unit } : undefined;
  return unit < dMlp ? { kind: 'neuron', layer, neuron: unit } : undefined;
}
