/**
 * The address's fragment: what restores a view. It stays in the browser, so that a prompt never reaches a server's
 * log. Unknown fields and wrong values are passed over.
 */
import type { DeviceChoice } from '../../engine/api.ts';
import { namedTrace } from './trace-source.ts';
import { DEFAULT_VIEW, namedView, type ViewId } from './views.ts';
import { COLOURS, DEFAULT_MODEL, MAX_PINS, ORDERS, type ColourBy, type RowOrder } from './view-state.ts';

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
  readonly layer: number | undefined;
  readonly pos: number | undefined;
  readonly head: number | undefined;
  readonly pins: readonly number[];
  readonly colour: ColourBy;
  readonly order: RowOrder;
}

const DEVICES: readonly DeviceChoice[] = ['auto', 'webgpu', 'wasm'];

export function readFragment(hash: string): Fragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const bos = fields.get('bos');
  const ids = numbers(fields.get('ids'));
  return {
    trace: namedTrace(fields.get('trace')),
    model: fields.get('model') || DEFAULT_MODEL,
    prompt: fields.get('prompt') ?? undefined,
    ids: ids.length > 0 ? ids : undefined,
    device: oneOf(DEVICES, fields.get('device')) ?? 'auto',
    bos: bos === '1' || bos === 'true' ? true : bos === '0' || bos === 'false' ? false : 'auto',
    chat: fields.get('chat') === '1',
    view: namedView(fields.get('view')) ?? DEFAULT_VIEW,
    layer: number(fields.get('layer'), -1),
    pos: number(fields.get('pos'), 0),
    head: number(fields.get('head'), 0),
    pins: [...new Set(numbers(fields.get('pins')))].slice(0, MAX_PINS),
    colour: oneOf(COLOURS, fields.get('color')) ?? 'probability',
    order: oneOf(ORDERS, fields.get('order')) ?? 'last-on-top',
  };
}

/** Without the leading `#`. What is as it is by default is left out, but for model and prompt. */
export function writeFragment(view: Fragment): string {
  const fields: [string, string][] = view.trace === undefined ? runFields(view) : [['trace', view.trace]];
  if (view.view !== DEFAULT_VIEW) fields.push(['view', view.view]);
  if (view.layer !== undefined) fields.push(['layer', String(view.layer)]);
  if (view.pos !== undefined) fields.push(['pos', String(view.pos)]);
  if (view.head !== undefined) fields.push(['head', String(view.head)]);
  if (view.pins.length > 0) fields.push(['pins', view.pins.join(',')]);
  if (view.colour !== 'probability') fields.push(['color', view.colour]);
  if (view.order !== 'last-on-top') fields.push(['order', view.order]);
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
