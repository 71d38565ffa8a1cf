/** The project's version, as package.json says it (a test holds the two together); traces name it. */
export const VERSION = '0.1.0';
