/** The offer of the tour; its stops are in tour.ts, which comes with the tour. */
export const INVITATION = {
  text: 'New here? A tour of seven stops shows how to read this page.',
  take: 'Show me around',
  decline: 'No, thanks',
} as const;
