/** Numbers as the page writes them. */

/** `0.474`, `0.00021`, `3e-9`: three digits that mean something, without a wall of zeros. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return '–';
  if (p >= 0.9995) return p >= 0.99995 ? '1.000' : p.toFixed(4);
  if (p >= 0.01) return p.toFixed(3);
  if (p >= 0.0001) return p.toPrecision(2);
  return p === 0 ? '0' : p.toExponential(0);
}

/** From a log-probability. */
export function probabilityOf(logprob: number): string {
  return probability(Math.exp(logprob));
}

/** `−1.32`: a natural logarithm of a probability. */
export function logProbability(value: number): string {
  return Number.isNaN(value) ? '–' : value > -0.005 ? '0.00' : `−${(-value).toFixed(2)}`;
}

/** `+0.42`, `−17`, `0`: with its sign. */
export function change(value: number, digits = 2): string {
  if (Number.isNaN(value)) return '';
  const size = Math.abs(value);
  const text = digits === 0 ? count(size) : size.toFixed(digits);
  return Number(text.replaceAll(',', '')) === 0 ? '0' : `${value > 0 ? '+' : '−'}${text}`;
}

/** `1.32` */
export function nats(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** `4,095` */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** `8.8 MB`, `260 kB` (powers of ten, as file sizes are given everywhere else). */
export function bytes(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)} GB`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)} MB`;
  return `${Math.ceil(n / 1e3)} kB`;
}

/** `0.21 s`, `86 ms` */
export function duration(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** `just now`, `5 minutes ago`, `3 days ago`, from milliseconds. */
export function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} minutes ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}

/** `9 of 9` style plural: `1 token`, `2 tokens`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `−0.42`: with a real minus, none before a zero. */
export function decimals(value: number, digits = 2): string {
  if (Number.isNaN(value)) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}
