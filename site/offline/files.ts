/** The files that the page needs without a network, as the build lists them for the service worker. */

export interface SiteFiles {
  /** Path from the site's folder → start of the hash of what it holds. */
  readonly core: Readonly<Record<string, string>>;
  /** ONNX Runtime for WebGPU, which only some browsers use: one list a build. */
  readonly webgpu: Readonly<Record<'jspi' | 'asyncify', Readonly<Record<string, string>>>>;
}

/** What the page asks of its service worker. */
export interface KeepAsk {
  readonly keep: 'webgpu';
}

/**
 * Bytes of a whole file, as a server that knows ranges would answer (RFC 9110, section 14).
 *
 * @param range the request's header; null for all of it.
 */
export async function answerRange(whole: Response, range: string | null): Promise<Response> {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (!asked) return whole;
  const body = await whole.blob();
  const start = Number(asked[1]);
  const end = asked[2] ? Math.min(Number(asked[2]) + 1, body.size) : body.size;
  const headers = new Headers(whole.headers);
  // The body is what was unpacked.
  headers.delete('Content-Encoding');
  if (start >= end) {
    headers.set('Content-Range', `bytes */${body.size}`);
    headers.set('Content-Length', '0');
    return new Response(null, { status: 416, statusText: 'Range Not Satisfiable', headers });
  }
  headers.set('Content-Range', `bytes ${start}-${end - 1}/${body.size}`);
  headers.set('Content-Length', String(end - start));
  return new Response(body.slice(start, end), { status: 206, statusText: 'Partial Content', headers });
}
