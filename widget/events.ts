/** What the element tells its page: all events bubble and leave shadow roots. */
import type { ErrorKind } from '../shared/errors.ts';
import type { Trace } from '../shared/trace/format.ts';

/** A reader has come to a cell. */
export type ResidscopeSelectEvent = CustomEvent<{
  /** −1: the embedding. */
  readonly layer: number;
  /** The row after attention, before the MLP. */
  readonly mid: boolean;
  readonly pos: number;
  /** The prompt's token at that position. */
  readonly after: string;
  /** The cell's likeliest token; undefined where the trace has none. */
  readonly id: number | undefined;
  readonly token: string | undefined;
  /** 0 to 1. */
  readonly probability: number | undefined;
}>;

/** A live run has come to its end; its trace can be kept or sent like any other. */
export type ResidscopeRunEvent = CustomEvent<{
  readonly model: string;
  readonly prompt: string;
  readonly trace: Trace;
}>;

/** Something can't be shown or run; the element says it in words too. */
export type ResidscopeErrorEvent = CustomEvent<{ readonly kind: ErrorKind; readonly message: string }>;

export interface WidgetEvents {
  'residscope-select': ResidscopeSelectEvent;
  'residscope-run': ResidscopeRunEvent;
  'residscope-error': ResidscopeErrorEvent;
}
