/** The page: header with what runs where, prompt, lens, inspector and charts. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ViewState } from '../controllers/view-state.ts';
import { LOCAL, THEMES } from '../controllers/view-state.ts';
import { bytes, duration, plural } from '../controllers/numbers.ts';
import { appStyles } from '../styles/app.ts';
import { shared } from '../styles/shared.ts';
import { checksSummary } from './checks.ts';
import { traceOfPath } from '../controllers/trace-source.ts';
import { keepTourSeen, tourSeen } from '../controllers/keepsakes.ts';
import { DROP, HEADER, INVITATION, THEME_WORDS } from '../words/page.ts';
import {
  notLoaded,
  openAbout,
  openDefinitions,
  openHelp,
  openModels,
  openShare,
  openTakeAlong,
  openTour,
  openTraceDialog,
} from './open.ts';
import { Panel } from './panel.ts';
import { panelOf, tabStyles, viewTabs } from './view-tabs.ts';
import { DEFAULT_VIEW, VIEWS, type ViewId } from '../controllers/views.ts';
import './inspector.ts';
import './lens.ts';
import './lens-charts.ts';
import './prompt.ts';

/** Parts of the page that a first visit has no need of. */
const PARTS = { bar: () => import('./trace-bar.ts'), panel: () => import('./view-panel.ts') };

export class AppElement extends Panel {
  static override styles = [shared, tabStyles, appStyles];
  protected readonly shows = [
    'info',
    'run',
    'theme',
    'model',
    'dropping',
    'view',
  ] as const satisfies (keyof ViewState)[];

  readonly #invited = location.hash === '' && traceOfPath(location.pathname) === undefined && !tourSeen();
  /** Parts that have come. */
  readonly #come = new Set<keyof typeof PARTS>();

  protected override render(): TemplateResult {
    const { theme, view } = this.state;
    const lens = view === DEFAULT_VIEW;
    return html`
      <header>
        <h1>
          <svg viewBox="0 0 23 15" aria-hidden="true">
            <rect width="10" height="3" rx="1.5" opacity=".4"></rect>
            <rect y="6" width="16" height="3" rx="1.5" opacity=".7"></rect>
            <rect y="12" width="23" height="3" rx="1.5"></rect>
          </svg>
          Residscope
        </h1>
        <div class="chips">${this.#chips()}</div>
        <div class="tools">
          <button class="button" @click=${() => openTraceDialog(this.session)}>${HEADER.open}</button>
          <button class="button" @click=${() => openTakeAlong(this.session)}>${HEADER.export}</button>
          <button class="button" @click=${() => openShare(this.session)}>${HEADER.share}</button>
          <button class="button" @click=${() => openDefinitions()}>${HEADER.definitions}</button>
          <button class="button help" title=${HEADER.helpTitle} @click=${() => openHelp(this.session)}>
            ${HEADER.help}
          </button>
          <button
            class="button"
            aria-label=${HEADER.colours(THEME_WORDS[theme])}
            title=${HEADER.coloursTitle}
            @click=${() => this.#nextTheme()}
          >
            <svg class="theme" viewBox="0 0 16 16" aria-hidden="true">
              <circle cx="8" cy="8" r="6.5"></circle>
              <path d="M8 1.5a6.5 6.5 0 0 1 0 13z"></path>
            </svg>
            ${THEME_WORDS[theme]}
          </button>
        </div>
      </header>
      <main>
        <rs-prompt .session=${this.session}></rs-prompt>
        ${this.#invitation()} ${this.#traceBar()} ${VIEWS.length > 1 ? viewTabs(this.session, view) : nothing}
        <div
          class="lens"
          id=${panelOf(DEFAULT_VIEW)}
          role="tabpanel"
          aria-labelledby="tab-lens"
          ?hidden=${!lens}
        >
          <rs-lens .session=${this.session}></rs-lens>
          <rs-inspector .session=${this.session}></rs-inspector>
          <rs-lens-charts .session=${this.session}></rs-lens-charts>
        </div>
        ${this.#other(view)}
      </main>
      ${this.state.dropping ? html`<p class="drop">${DROP}</p>` : ''}
    `;
  }

  /** The tour is offered once, to a reader whom no link brought. */
  #invitation(): TemplateResult | typeof nothing {
    if (!this.#invited || tourSeen()) return nothing;
    const answer = (take: boolean): void => {
      keepTourSeen();
      this.requestUpdate();
      if (take) openTour(this.session);
      // The button that had the focus goes.
      else this.renderRoot.querySelector<HTMLElement>('.help')?.focus();
    };
    return html`<p class="invitation">
      ${INVITATION.text}
      <button class="button" ?disabled=${!this.state.run} @click=${() => answer(true)}>
        ${INVITATION.take}
      </button>
      <button class="button" @click=${() => answer(false)}>${INVITATION.decline}</button>
    </p>`;
  }

  /** Its code comes with the first trace. */
  #traceBar(): TemplateResult | typeof nothing {
    return this.state.run?.trace && this.#has('bar')
      ? html`<rs-trace-bar .session=${this.session}></rs-trace-bar>`
      : nothing;
  }

  /** Any view but the lens. It stays when the lens is shown again, with all that the reader did in it. */
  #other(view: ViewId): TemplateResult | typeof nothing {
    if (view === DEFAULT_VIEW && !this.#come.has('panel')) return nothing;
    return this.#has('panel')
      ? html`<rs-view
          id="panel-view"
          role="tabpanel"
          aria-labelledby="tab-${view}"
          ?hidden=${view === DEFAULT_VIEW}
          .session=${this.session}
        ></rs-view>`
      : nothing;
  }

  /** Whether a part is defined; asks for its code when it is not. */
  #has(part: keyof typeof PARTS): boolean {
    if (!this.#come.has(part)) {
      PARTS[part]().then(
        () => {
          this.#come.add(part);
          this.requestUpdate();
        },
        (error: unknown) => {
          this.session.setView(DEFAULT_VIEW);
          this.session.complain(notLoaded(error));
        },
      );
    }
    return this.#come.has(part);
  }

  #chips(): TemplateResult {
    const { info, run, model } = this.state;
    const about = (): void => openAbout(this.session);
    const models = (): void => openModels(this.session);
    const chip = html`<b>${(info?.id ?? run?.model.id ?? model).replace(LOCAL, '')}</b>`;
    if (!info) return html`<button class="pill" @click=${models} title=${HEADER.pick}>${chip}</button>`;
    const checks = run?.checks && checksSummary(run.checks);
    return html`
      <button class="pill" @click=${models} title=${HEADER.pickAnother}>
        <span>${chip} · ${plural(info.spec.nLayers, 'layer')} · ${bytes(info.weightBytes)}</span>
      </button>
      <button class="pill" @click=${about} title=${`${info.device.detail}. ${info.device.reason}`}>
        ${info.device.name === 'webgpu' ? 'WebGPU' : 'wasm'}${
          run?.timings ? html` · ${duration(run.timings.done)}` : ''
        }
      </button>
      ${
        checks
          ? html`<button class="pill ${checks.ok ? '' : 'bad'}" @click=${about}>
              ${checks.ok && checks.passed > 0 ? html`<span class="tick" aria-hidden="true">✓</span>` : ''}${checks.words}
            </button>`
          : ''
      }
    `;
  }

  #nextTheme(): void {
    const next = THEMES[(THEMES.indexOf(this.state.theme) + 1) % THEMES.length] ?? 'auto';
    this.session.appearance.setTheme(next);
  }
}
customElements.define('rs-app', AppElement);
