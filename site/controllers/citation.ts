/** How to cite what is shown: the program, the model's very weights, the prompt and the address. */
import type { TraceData } from '../../shared/trace/data.ts';
import { readableText } from '../../shared/picture/visible.ts';

export interface Citation {
  readonly plain: string;
  readonly bibtex: string;
}

/** @param address of the view. @param day it was looked at. */
export function citationOf(trace: TraceData, address: string, day: Date): Citation {
  const { model, engine } = trace;
  const weights = [
    ...(model.revision === undefined ? [] : [`revision ${model.revision}`]),
    ...(model.weightHash === undefined ? [] : [`weights SHA-256 ${model.weightHash}`]),
  ];
  const prompt = trace.pieces.slice(trace.bos ? 1 : 0).join('');
  const short = prompt.length > 200 ? `${prompt.slice(0, 199).toWellFormed()}…` : prompt;
  const quoted = readableText(short).replace(/\s+/g, ' ').trim();
  const date = day.toISOString().slice(0, 10);
  const which = [model.id, ...weights].join(', ');
  const kind = trace.lens.kind === 'raw' ? 'Logit lens' : `${trace.lens.kind} lens`;
  return {
    plain: `${kind} of ${which}, on the prompt “${quoted}”. ${engine.name} ${engine.version}. ${address} (${date}).`,
    bibtex: [
      '@misc{residscope,',
      `  title = {${kind} of ${tex(model.id)} on the prompt ‘${tex(quoted)}’},`,
      `  howpublished = {${tex(`${engine.name} ${engine.version}`)}, \\url{${address.replace(/[{}\\]/g, '')}}},`,
      `  year = {${date.slice(0, 4)}},`,
      ...(weights.length > 0 ? [`  note = {${tex(weights.join(', '))}},`] : []),
      `  urldate = {${date}}`,
      '}',
    ].join('\n'),
  };
}

/** TeX's own characters, escaped. */
function tex(text: string): string {
  return text
    .replace(/[\\{}]/g, '')
    .replace(/[#$%&_]/g, '\\$&')
    .replace(/\^/g, '\\^{}')
    .replace(/~/g, '\\~{}');
}
