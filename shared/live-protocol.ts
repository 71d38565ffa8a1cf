/**
 * What the widget, in anybody's page, and the engine's frame, in a page of its own origin, say to each other. The
 * widget posts {@link LIVE_CONNECT} with a port to the frame's window; all else goes through the port. Each side checks
 * what comes: neither knows who the other is.
 */
import type { ErrorMessage } from './errors.ts';

export const LIVE_CONNECT = 'residscope-live';
export const LIVE_VERSION = 1;

export interface LiveAsk {
  /** The string that names a model everywhere. */
  readonly model: string;
  readonly prompt: string;
  /** Whether `bos` goes in front; `auto` as the tokenizer does it. */
  readonly bos: 'auto' | boolean;
  /** Candidates a cell. */
  readonly k: number;
  readonly device: 'auto' | 'wasm' | 'webgpu';
}

export type LiveProgress =
  | { readonly phase: 'loading'; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly phase: 'running'; readonly rows: number; readonly of: number };

export type ToLive =
  | { readonly type: 'run'; readonly id: number; readonly ask: LiveAsk }
  | { readonly type: 'cancel'; readonly id: number };

export type FromLive =
  | { readonly type: 'ready'; readonly version: number }
  | { readonly type: 'progress'; readonly id: number; readonly progress: LiveProgress }
  /** A finished run, as a trace of FORMAT.md. */
  | { readonly type: 'trace'; readonly id: number; readonly trace: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorMessage };
