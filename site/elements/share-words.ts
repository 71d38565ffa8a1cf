/** The words that go with a shared table. */
import { settlingSentence } from '../../shared/picture/lens-table.ts';
import { readableText } from '../../shared/picture/visible.ts';
import type { TraceData } from '../../shared/trace/data.ts';

/** What the table shows, for who can't see it. */
export function wordsForTrace(trace: TraceData): string {
  return `Logit lens of ${trace.model.id} on “${readableText(promptOf(trace))}”. ${settlingSentence(trace)}`;
}

/** The prompt's beginning; not yet made readable. */
export function promptOf({ pieces, bos }: TraceData): string {
  const text = pieces.slice(bos ? 1 : 0).join('');
  return text.length > 80 ? `${text.slice(0, 79).toWellFormed()}…` : text;
}
