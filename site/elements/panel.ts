/** Base of the page's elements: they are given the session, name the parts of the state they show, and render. */
import { LitElement, type CSSResultGroup } from 'lit';
import type { Session } from '../controllers/session.ts';
import { Watch } from '../controllers/store.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';

export abstract class Panel extends LitElement {
  static override properties = { session: { attribute: false } };
  static override styles: CSSResultGroup = shared;
  declare session: Session;

  /** Parts of the state whose replacement renders the element again. */
  protected abstract readonly shows: readonly (keyof ViewState)[];

  protected get state(): ViewState {
    return this.session.store.state;
  }

  #watched = false;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.#watched) return;
    this.#watched = true;
    this.addController(new Watch(this, this.session.store, this.shows));
  }
}
