/** Static files on every platform: isolation, content policy, types, caching, and nothing but the built files. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Base, request } from './http-client.ts';
import { ROOT } from '../support/addresses.ts';

/** Paths of built files that match, as the server names them. */
async function built(pattern: RegExp): Promise<string[]> {
  const files = await readdir(join(ROOT, 'dist/site'), { recursive: true });
  return files.map((file) => `/${file.replaceAll('\\', '/')}`).filter((path) => pattern.test(path));
}

export function staticCases(base: Base): void {
  describe('every static file', () => {
    it.each(['/', '/embed.js', '/models/fable-4m/tokenizer.json', '/models/fable-4m/model.safetensors'])(
      '%s is isolated',
      async (path) => {
        const { status, headers } = await request(base, path, { method: 'HEAD' });
        expect(status).toBe(200);
        expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin');
        expect(headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
        expect(headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
        expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
        expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
        expect(headers.get('Referrer-Policy')).toBe('no-referrer');
        expect(headers.get('ETag')).toBeTruthy();
      },
    );

    it('has a content policy without holes', async () => {
      const { headers } = await request(base, '/');
      const policy = new Map(
        (headers.get('Content-Security-Policy') ?? '').split(';').map((part) => {
          const [name = '', ...sources] = part.trim().split(/\s+/);
          return [name, sources.join(' ')];
        }),
      );
      expect(policy.get('default-src')).toBe("'none'");
      expect(policy.get('script-src')).toBe("'self' 'wasm-unsafe-eval'");
      expect(policy.get('worker-src')).toBe("'self' blob:");
      expect(policy.get('style-src')).toBe("'self'");
      expect(policy.get('connect-src')).toBe("'self' https:");
      expect(policy.get('base-uri')).toBe("'none'");
    });
  });

  describe('the page', () => {
    it('is HTML that is asked for again', async () => {
      const { status, headers, text } = await request(base, '/');
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(headers.get('Cache-Control')).toMatch(/max-age=0/);
      expect(text).toMatch(/<!doctype html>/i);
      const again = await request(base, '/', { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
      expect(again.status).toBe(304);
    });

    it('keeps hashed files for ever, as scripts', async () => {
      const scripts = await built(/^\/assets\/.*\.js$/);
      expect(scripts.length).toBeGreaterThan(0);
      for (const path of scripts) {
        const { headers } = await request(base, path, { method: 'HEAD' });
        expect(headers.get('Cache-Control'), path).toBe('public, max-age=31536000, immutable');
        expect(headers.get('Content-Type'), path).toMatch(/^text\/javascript/);
      }
    });

    it('gives packed wasm as it is, for the page to unpack', async () => {
      const packed = await built(/\.wasm\.gz$/);
      expect(packed.length).toBeGreaterThan(0);
      for (const path of packed) {
        const head = await request(base, path, { method: 'HEAD' });
        expect(head.headers.get('Content-Type'), path).toBe('application/gzip');
        expect(head.headers.get('Content-Encoding'), path).toBeNull();
      }
      const response = await fetch(base() + (packed[0] ?? ''), {
        headers: { 'Accept-Encoding': 'gzip, br' },
      });
      const wasm = gunzipSync(new Uint8Array(await response.arrayBuffer()));
      expect(wasm.subarray(0, 4).toString('latin1')).toBe('\0asm');
      expect(response.headers.get('Cache-Control')).toMatch(/immutable/);
    });
  });

  describe('what is no file', () => {
    it.each(['/_headers', '/wrangler.toml', '/../wrangler.toml', '/%2e%2e/package.json', '/models/nothing'])(
      '%s is a problem of the API',
      async (path) => {
        const { status, headers } = await request(base, path);
        expect([status, headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
      },
    );
  });
}
