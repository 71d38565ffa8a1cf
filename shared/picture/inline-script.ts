/** Scripts and data inside a page's markup, which nothing in them may end. */

/** JSON for a `<script>` that holds data: no `<`, so no tag and no comment, and no line ends that only JSON allows. */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Our own minified code for a `<script>`: what ends or hides one is written another way, which in strings, templates
 * and patterns means the same; elsewhere in such code it does not stand.
 */
export function inlineScript(code: string): string {
  return code.replace(/<(?=\/script|script|!--)/gi, '\\x3c');
}
