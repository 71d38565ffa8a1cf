/**
 * Comma-separated values (RFC 4180). A text is written as a JSON string (`" Paris"` with its quotes): spaces and line
 * ends can be seen, and no spreadsheet takes a token such as `=1+1` for a formula.
 */
export type CsvValue = string | number | undefined;

/**
 * @param rows each as long as the header; NaN and undefined are empty.
 * @param written how a text is written, before it is quoted. By default a JSON string.
 */
export function csv(
  header: readonly string[],
  rows: Iterable<readonly CsvValue[]>,
  written: (text: string) => string = JSON.stringify,
): string {
  const lines = [header.map((name) => (/^\w+$/.test(name) ? name : field(name, written))).join(',')];
  for (const row of rows) lines.push(row.map((value) => field(value, written)).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

function field(value: CsvValue, written: (text: string) => string): string {
  if (value === undefined || (typeof value === 'number' && Number.isNaN(value))) return '';
  if (typeof value === 'number') return String(value);
  return `"${written(value).replaceAll('"', '""')}"`;
}
