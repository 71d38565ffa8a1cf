/** Keeps the address's fragment and the state in step, both ways; back and forward walk through prompts. */
import { readFragment, writeFragment, type Fragment } from './fragment.ts';
import type { Store } from './store.ts';
import type { Request, ViewState } from './view-state.ts';

/** Milliseconds between rewrites: browsers refuse more than about a hundred in half a minute. */
const CALM = 350;

export class Address {
  readonly #store: Store;
  readonly #run: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The state is being set from the address: it is not written back. */
  #reading = false;

  constructor(store: Store, run: () => void) {
    this.#store = store;
    this.#run = run;
  }

  /** Reads the address and follows it from now on. */
  open(): Fragment {
    const fragment = readFragment(location.hash);
    this.#apply(fragment);
    addEventListener('popstate', this.#follow);
    this.#store.subscribe((state, before) => {
      if (this.#reading || !state.request) return;
      if (!sameRequest(state.request, before.request)) this.#write(before.request !== undefined);
      else if (state.view !== before.view) this.#write(true);
      else if (
        state.selected !== before.selected ||
        state.head !== before.head ||
        state.pins !== before.pins ||
        state.colour !== before.colour ||
        state.order !== before.order
      ) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#write(false), CALM);
      }
    });
    return fragment;
  }

  readonly #follow = (): void => {
    clearTimeout(this.#timer);
    const fragment = readFragment(location.hash);
    const { request } = this.#store.state;
    this.#reading = true;
    try {
      this.#apply(fragment);
      if (!request || !sameRequest(request, asRequest(fragment))) this.#run();
    } finally {
      this.#reading = false;
    }
  };

  #apply(f: Fragment): void {
    this.#store.set({
      model: f.model,
      device: f.device,
      bos: f.bos,
      chat: f.chat,
      view: f.view,
      head: f.head,
      text: f.prompt ?? '',
      askedIds: f.ids,
      pins: f.pins,
      colour: f.colour,
      order: f.order,
      selected: f.layer === undefined || f.pos === undefined ? undefined : { layer: f.layer, pos: f.pos },
    });
  }

  #write(asNew: boolean): void {
    clearTimeout(this.#timer);
    const hash = `#${writeFragment(fragmentOf(this.#store.state))}`;
    if (hash === location.hash) return;
    if (asNew) history.pushState(null, '', hash);
    else history.replaceState(null, '', hash);
  }
}

function fragmentOf({
  request,
  model,
  device,
  bos,
  chat,
  view,
  head,
  selected,
  pins,
  colour,
  order,
}: ViewState): Fragment {
  return {
    ...(request ?? { model, device, bos, chat, prompt: undefined, ids: undefined }),
    view,
    head,
    layer: selected?.layer,
    pos: selected?.pos,
    pins,
    colour,
    order,
  };
}

function asRequest({ model, device, bos, chat, prompt, ids }: Fragment): Request {
  return { model, device, bos, chat, prompt: ids ? undefined : (prompt ?? ''), ids };
}

function sameRequest(a: Request | undefined, b: Request | undefined): boolean {
  return (
    a?.model === b?.model &&
    a?.device === b?.device &&
    a?.bos === b?.bos &&
    a?.chat === b?.chat &&
    a?.prompt?.toWellFormed() === b?.prompt?.toWellFormed() &&
    a?.ids?.join() === b?.ids?.join()
  );
}
