/** A run's self-checks in words: quiet when they pass, loud when one fails. */
import { html, type TemplateResult } from 'lit';
import type { SelfCheck } from '../../shared/lens/readings.ts';
import type { TraceCheck } from '../../shared/trace/format.ts';

const NAMES: ReadonlyMap<string, string> = new Map<SelfCheck['name'], string>([
  ['output', 'Last row against a plain forward'],
  ['precision', 'Last row in f16 against f32'],
  ['writes', 'Writes sum to the stream'],
  ['attention', 'Attention rows sum to 1'],
]);

export interface ChecksSummary {
  readonly ok: boolean;
  readonly passed: number;
  readonly words: string;
}

export function checksSummary(checks: readonly SelfCheck[]): ChecksSummary {
  const failed = checks.filter((check) => check.status === 'fail');
  const passed = checks.filter((check) => check.status === 'pass').length;
  if (failed.length > 0) {
    return {
      ok: false,
      passed,
      words: `${failed.length} of ${checks.length} self-checks failed: don’t trust these numbers`,
    };
  }
  const skipped = checks.length - passed;
  if (passed === 0) return { ok: true, passed, words: 'checks did not run' };
  return {
    ok: true,
    passed,
    words: skipped > 0 ? `${passed} of ${checks.length} checks pass` : 'checks pass',
  };
}

/** A trace may have checks that this page doesn't know. */
export function checkRow(check: SelfCheck | TraceCheck): TemplateResult {
  const measured =
    check.status === 'skipped' || check.value === null || check.bound === null
      ? 'not run'
      : `${check.value.toExponential(1)} ${check.status === 'pass' ? '≤' : '>'} ${check.bound.toExponential(0)}`;
  return html`<dt>${NAMES.get(check.name) ?? check.name}</dt>
    <dd class=${check.status}>
      <b>${check.status === 'pass' ? 'pass' : check.status === 'fail' ? 'FAIL' : 'skipped'}</b>
      <span class="mono">${measured}</span>
      <p class="small">${check.note}</p>
    </dd>`;
}
