/** Set by the build. */
declare const __ORT_VERSION__: string;
