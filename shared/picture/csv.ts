/**
 * Comma-separated values (RFC 4180). A text is written as a JSON string (`" Paris"` with its quotes): spaces and line
 * ends can be seen, and no spreadsheet takes a token such as `=1+1` for a formula.
 */
export type CsvValue = string | number | undefined;

/** @param rows each as long as the header; NaN and undefined are empty. */
export function csv(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  const lines = [header.map((name) => (/^\w+$/.test(name) ? name : field(name))).join(',')];
  for (const row of rows) lines.push(row.map(field).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function field(value: CsvValue): string {
  if (value === undefined || (typeof value === 'number' && Number.isNaN(value))) return '';
  if (typeof value === 'number') return String(value);
  return `"${JSON.stringify(value).replaceAll('"', '""')}"`;
}
