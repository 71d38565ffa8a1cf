/**
 * The address's fragment: what restores a view. It stays in the browser, so that a prompt never reaches a server's
 * log. Unknown fields and wrong values are passed over.
 */
import type { DeviceChoice } from '../../engine/api.ts';
import { LIMITS } from '../../shared/limits.ts';
import { namedTrace } from './trace-source.ts';
import { DEFAULT_VIEW, namedView, type ViewId } from './views.ts';
import {
  COLOURS,
  DEFAULT_MODEL,
  idsOf,
  MAX_PINS,
  OPTIONS,
  ORDERS,
  TARGETS,
  type ColourBy,
  type Options,
  type RowOrder,
  type Target,
} from './view-state.ts';

export interface Fragment {
  readonly model: string;
  /** A trace in place of model and prompt. */
  readonly trace: string | undefined;
  /** Undefined when the address names neither prompt nor ids. */
  readonly prompt: string | undefined;
  readonly ids: readonly number[] | undefined;
  readonly device: DeviceChoice;
  readonly bos: 'auto' | boolean;
  readonly chat: boolean;
  readonly view: ViewId;
  readonly options: Options;
  /** Rows after attention too. */
  readonly mid: boolean;
  readonly layer: number | undefined;
  readonly pos: number | undefined;
  /** The selected cell is in the layer’s row after attention. */
  readonly half: boolean;
  readonly head: number | undefined;
  readonly pins: readonly number[];
  readonly groups: ReadonlyMap<number, readonly number[]>;
  readonly colour: ColourBy;
  readonly target: Target;
  readonly order: RowOrder;
  /** Undefined: the raw lens. */
  readonly lens: (typeof LENSES)[number] | undefined;
}

const LENSES = ['fitted', 'tuned'] as const;
const DEVICES: readonly DeviceChoice[] = ['auto', 'webgpu', 'wasm'];

export function readFragment(hash: string): Fragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const bos = fields.get('bos');
  const ids = numbers(fields.get('ids'));
  const pins = pinsOf(fields.get('pins'));
  const target = fields.get('target');
  return {
    trace: namedTrace(fields.get('trace')),
    model: fields.get('model') || DEFAULT_MODEL,
    prompt: fields.get('prompt') ?? undefined,
    ids: ids.length > 0 ? ids : undefined,
    device: oneOf(DEVICES, fields.get('device')) ?? 'auto',
    bos: bos === '1' || bos === 'true' ? true : bos === '0' || bos === 'false' ? false : 'auto',
    chat: fields.get('chat') === '1',
    view: namedView(fields.get('view')) ?? DEFAULT_VIEW,
    options: Object.fromEntries(
      OPTIONS.map((name) => [name, fields.get(name)] as const).filter(
        ([, value]) => value && value.length <= LIMITS.textBytes,
      ),
    ),
    head: number(fields.get('head'), 0),
    mid: fields.get('mid') === '1',
    layer: number(fields.get('layer'), -1),
    pos: number(fields.get('pos'), 0),
    half: fields.get('half') === '1',
    pins: pins.map(([id]) => id),
    groups: new Map(pins.filter((ids) => ids.length > 1).map((ids) => [ids[0], ids])),
    colour: oneOf(COLOURS, fields.get('color')) ?? 'probability',
    target: oneOf(TARGETS, target) ?? number(target, 0) ?? 'top',
    order: oneOf(ORDERS, fields.get('order')) ?? 'last-on-top',
    lens: oneOf(LENSES, fields.get('lens')),
  };
}

/** Without the leading `#`. What is as it is by default is left out, but for model and prompt. */
export function writeFragment(view: Fragment): string {
  const fields: [string, string][] = view.trace === undefined ? runFields(view) : [['trace', view.trace]];
  if (view.view !== DEFAULT_VIEW) fields.push(['view', view.view]);
  for (const name of OPTIONS) {
    const value = view.options[name];
    if (value) fields.push([name, value]);
  }
  if (view.mid) fields.push(['mid', '1']);
  if (view.layer !== undefined) fields.push(['layer', String(view.layer)]);
  if (view.pos !== undefined) fields.push(['pos', String(view.pos)]);
  if (view.head !== undefined) fields.push(['head', String(view.head)]);
  if (view.half) fields.push(['half', '1']);
  if (view.pins.length > 0) {
    fields.push(['pins', view.pins.map((pin) => idsOf(pin, view.groups).join('-')).join(',')]);
  }
  if (view.colour !== 'probability') fields.push(['color', view.colour]);
  if (view.target !== 'top') fields.push(['target', String(view.target)]);
  if (view.order !== 'last-on-top') fields.push(['order', view.order]);
  if (view.lens !== undefined && view.trace === undefined) fields.push(['lens', view.lens]);
  return fields.map(([key, value]) => `${key}=${readable(value)}`).join('&');
}

/** What is run; a trace has all of it. */
function runFields(view: Fragment): [string, string][] {
  const fields: [string, string][] = [['model', view.model]];
  if (view.ids) fields.push(['ids', view.ids.join(',')]);
  else if (view.prompt !== undefined) fields.push(['prompt', view.prompt.toWellFormed()]);
  if (view.device !== 'auto') fields.push(['device', view.device]);
  if (view.bos !== 'auto') fields.push(['bos', view.bos ? '1' : '0']);
  if (view.chat) fields.push(['chat', '1']);
  return fields;
}

/** Percent-encoded, with the commas and slashes that a fragment may have left as they are. */
function readable(value: string): string {
  return encodeURIComponent(value).replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
}

function oneOf<T extends string>(values: readonly T[], given: string | null): T | undefined {
  return values.find((value) => value === given);
}

function number(given: string | null, min: number): number | undefined {
  if (given === null || !/^-?\d{1,9}$/.test(given)) return undefined;
  const n = Number(given);
  return n >= min ? n : undefined;
}

function numbers(given: string | null): number[] {
  if (given === null || given === '') return [];
  return given
    .split(',')
    .map((part) => number(part.trim(), 0))
    .filter((n) => n !== undefined);
}

/** Spellings that one pin may stand for. */
const MAX_GROUP = 16;

/** `5,9-10-11`: two pins, the second of three spellings. */
function pinsOf(given: string | null): (readonly [number, ...number[]])[] {
  const pins = new Map<number, readonly [number, ...number[]]>();
  for (const part of (given ?? '').split(',')) {
    const ids = part.split('-').map((id) => number(id.trim(), 0));
    const [first, ...rest] = ids;
    if (first === undefined || ids.includes(undefined) || pins.has(first)) continue;
    const others = new Set(rest.filter((id) => id !== undefined && id !== first) as number[]);
    pins.set(first, [first, ...[...others].slice(0, MAX_GROUP - 1)]);
  }
  return [...pins.values()].slice(0, MAX_PINS);
}
