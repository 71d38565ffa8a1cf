/**
 * The script of `/e/ID`, the widget alone in somebody's `iframe`: takes attributes from the query, and tells an
 * opener that asks how high the widget is.
 *
 * The opener posts `{ type: 'residscope-size' }` to the frame; the answer, `{ type: 'residscope-size', height }` in
 * CSS pixels, goes to that very window at the origin that asked, now and with every change. Nothing else is told, and
 * nobody but the page around the frame is answered.
 */
export {};

const TYPE = 'residscope-size';
/** Attributes of the widget that the address may set; which trace, the path says. */
const ATTRIBUTES = ['theme', 'layers', 'top-k', 'height'];

const lens = document.querySelector('residscope-lens');
const query = new URLSearchParams(location.search);
for (const name of ATTRIBUTES) {
  const value = query.get(name);
  if (value !== null) lens?.setAttribute(name, value);
}

/** The origin that asked last: a frame has one page around it. */
let asker: string | undefined;

function tell(): void {
  if (asker === undefined || asker === 'null') return;
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  parent.postMessage({ type: TYPE, height }, asker);
}

addEventListener('message', ({ source, origin, data }: MessageEvent<unknown>) => {
  if (source !== parent || parent === window) return;
  if (typeof data !== 'object' || data === null || (data as { type?: unknown }).type !== TYPE) return;
  asker = origin;
  tell();
});
new ResizeObserver(tell).observe(document.documentElement);
