/** Keeps the address and the state in step, both ways; back and forward walk through prompts, traces and views. */
import { readFragment, writeFragment, type Fragment } from './fragment.ts';
import type { Store } from './store.ts';
import { isTraceId, traceOfPath } from './trace-source.ts';
import type { Request, ViewState } from './view-state.ts';

/** Milliseconds between rewrites: browsers refuse more than about a hundred in half a minute. */
const CALM = 350;

/** What the address makes happen. */
export interface Follow {
  run(): void;
  openTrace(name: string): void;
}

export class Address {
  readonly #store: Store;
  readonly #then: Follow;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it was, by the page's clock, in milliseconds. */
  #written = -Infinity;
  /** The state is being set from the address: it is not written back. */
  #reading = false;

  constructor(store: Store, then: Follow) {
    this.#store = store;
    this.#then = then;
  }

  /** Reads the address and follows it from now on. */
  open(): Fragment {
    const fragment = readAddress();
    this.#apply(fragment);
    addEventListener('popstate', this.#follow);
    this.#store.subscribe((state, before) => {
      if (this.#reading || (!state.request && state.trace === undefined)) return;
      const asNew = before.request !== undefined || before.trace !== undefined;
      const other = !sameRequest(state.request, before.request) || state.trace !== before.trace;
      // Back leads to the prompt that tokens were added to, not through each of them.
      const grew = state.growth !== undefined && (before.growth?.count ?? 0) > 0;
      if (other && !grew) this.#write(asNew);
      else if (state.view !== before.view) this.#write(true);
      else if (
        other ||
        state.selected !== before.selected ||
        state.head !== before.head ||
        state.options !== before.options ||
        state.pins !== before.pins ||
        state.groups !== before.groups ||
        state.colour !== before.colour ||
        state.target !== before.target ||
        state.order !== before.order ||
        state.lensAsked !== before.lensAsked
      ) {
        this.#rewrite();
      }
    });
    return fragment;
  }

  readonly #follow = (): void => {
    clearTimeout(this.#timer);
    const fragment = readAddress();
    const { request, trace, lensAsked } = this.#store.state;
    this.#reading = true;
    try {
      this.#apply(fragment);
      if (fragment.trace !== undefined) {
        if (fragment.trace !== trace) this.#then.openTrace(fragment.trace);
      } else if (!request || !sameRequest(request, asRequest(fragment)) || fragment.lens !== lensAsked) {
        this.#then.run();
      }
    } finally {
      this.#reading = false;
    }
  };

  #apply(f: Fragment): void {
    this.#store.set({
      // A trace brings its own.
      ...(f.trace === undefined && {
        model: f.model,
        device: f.device,
        bos: f.bos,
        chat: f.chat,
        mid: f.mid,
        text: f.prompt ?? '',
        askedIds: f.ids,
      }),
      view: f.view,
      options: f.options,
      head: f.head,
      pins: f.pins,
      groups: f.groups,
      colour: f.colour,
      target: f.target,
      order: f.order,
      lensAsked: f.lens,
      selected:
        f.layer === undefined || f.pos === undefined
          ? undefined
          : { layer: f.layer, pos: f.pos, ...(f.half && { mid: true as const }) },
    });
  }

  /** As soon as it may, so that Back loses no choice; after this task, of which a new prompt may be the end. */
  #rewrite(): void {
    clearTimeout(this.#timer);
    const due = this.#written + CALM - performance.now();
    this.#timer = setTimeout(() => this.#write(false), Math.max(0, due));
  }

  #write(asNew: boolean): void {
    clearTimeout(this.#timer);
    this.#written = performance.now();
    const to = addressOf(this.#store.state);
    if (to === `${location.pathname}${location.hash}`) return;
    if (asNew) history.pushState(null, '', to);
    else history.replaceState(null, '', to);
  }
}

/** Path and fragment that restore what is shown: `/#model=…`, or `/t/ID` for a stored trace. */
export function addressOf(state: ViewState): string {
  const fragment = fragmentOf(state);
  const { trace } = fragment;
  if (trace === undefined || !isTraceId(trace)) return `${basePath()}#${writeFragment(fragment)}`;
  const rest = writeFragment(fragment).replace(/^trace=[^&]*&?/, '');
  return `/t/${trace}${rest && `#${rest}`}`;
}

/** Where the page itself is: traces have a path of their own. */
function basePath(): string {
  return traceOfPath(location.pathname) === undefined ? location.pathname : '/';
}

/** The fragment; on the page of a stored trace, the path names it, until the fragment names something else. */
function readAddress(): Fragment {
  const fragment = readFragment(location.hash);
  const stored = traceOfPath(location.pathname);
  const other = fragment.prompt !== undefined || fragment.ids !== undefined || fragment.trace !== undefined;
  return stored === undefined || other ? fragment : { ...fragment, trace: stored };
}

function fragmentOf(state: ViewState): Fragment {
  const {
    request,
    trace,
    model,
    device,
    bos,
    chat,
    view,
    options,
    head,
    mid,
    selected,
    pins,
    groups,
    colour,
    target,
    order,
    lensAsked,
  } = state;
  return {
    ...(request ?? { model, device, bos, chat, mid, prompt: undefined, ids: undefined }),
    trace,
    view,
    options,
    head,
    layer: selected?.layer,
    pos: selected?.pos,
    half: selected?.mid === true,
    pins,
    groups,
    colour,
    target,
    order,
    lens: lensAsked,
  };
}

function asRequest({ model, device, bos, chat, mid, prompt, ids }: Fragment): Request {
  return { model, device, bos, chat, mid, prompt: ids ? undefined : (prompt ?? ''), ids };
}

function sameRequest(a: Request | undefined, b: Request | undefined): boolean {
  return (
    a?.model === b?.model &&
    a?.device === b?.device &&
    a?.bos === b?.bos &&
    a?.chat === b?.chat &&
    a?.mid === b?.mid &&
    a?.prompt?.toWellFormed() === b?.prompt?.toWellFormed() &&
    a?.ids?.join() === b?.ids?.join()
  );
}
